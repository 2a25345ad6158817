"""Which trials are looked at, and what becomes of those that were not."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import pytest
import torch

from cifar_models.checkpoint import load
from cifar_models.component import forget
from cifar_models.diagnostics import Diagnostic, GradientFlow, Row, Sharpness, Trained
from cifar_models.numerics import Numerics
from cifar_models.source_file import SourceFile, load_source
from search_spaces import Study, factor
from sweeps.execution import forecast, trainable
from sweeps.execution.diagnosing import looked_at, unseen
from sweeps.execution.plan import Cell, distinct
from sweeps.execution.trainable import Trainable, TrainingImages
from sweeps.execution.trial_source import PlannedTrials
from sweeps.record.diagnosed import FACT, missed, seen, told
from sweeps.record.identity import TrialSpec
from sweeps.record.journal import Journal
from tests.cifar_models.small import ONE_PHASE, images

LOOKING = (GradientFlow(), Sharpness(images=10))
STUDY = Study(
    name="small",
    question="?",
    base=ONE_PHASE,
    factors=(factor("norm", "model.norm", "batch", "none"),),
    seeds=(4, 7),
    diagnostics=LOOKING,
)


def cells(study: Study = STUDY, role: str = "ablation") -> list[Cell]:
    return [
        Cell(TrialSpec(arm.recipe, seed, Numerics(), "f"), role, arm.factor, arm.level)
        for seed in study.seed_list
        for arm in study.arms()
    ]


@pytest.fixture
def journal(tmp_path: Path) -> Any:
    journal = Journal(tmp_path)
    yield journal
    journal.close()


def by(*diagnostics: Diagnostic) -> dict[str, str]:
    """Return the fact that these have looked."""
    return told(diagnostic.model_dump(mode="json") for diagnostic in diagnostics)


def finished(journal: Journal, trial: str, *diagnostics: Diagnostic) -> None:
    journal.append("started", trial, facts=by(*diagnostics))
    journal.append("result", trial, epoch=2, status="finished", metrics={}, study="small")


def test_the_first_seed_of_each_level_is_looked_at() -> None:
    first = [cell.spec.id for cell in cells() if cell.spec.seed == 4]
    assert list(looked_at(STUDY, cells(), {})) == first
    names = [asked["name"] for asked in looked_at(STUDY, cells(), {})[first[0]]]
    assert names == ["gradient_flow", "sharpness"]
    assert not looked_at(STUDY, cells(role="search"), {})
    assert not looked_at(STUDY.replace(diagnostics=()), cells(), {})


def test_a_worker_is_told_what_looks_at_its_trial(journal: Journal) -> None:
    specs, looked = distinct(cells()), looked_at(STUDY, cells(), {})
    source = PlannedTrials(specs, "small", journal, "runs", 1, looked)
    asked = [source.config(cell.spec)["diagnostics"] for cell in cells()]
    assert list(map(len, asked)) == [2, 2, 0, 0]


def test_what_ended_without_is_trained_again(journal: Journal) -> None:
    first, second, *_ = looked_at(STUDY, cells(), {})
    assert unseen(STUDY, cells(), journal.trials) == []
    finished(journal, first, *LOOKING)
    finished(journal, second)
    assert unseen(STUDY, cells(), journal.trials) == [second]
    others = STUDY.replace(diagnostics=(GradientFlow(), Sharpness(images=11)))
    assert unseen(others, cells(), journal.trials) == [first, second]
    fewer = STUDY.replace(diagnostics=(GradientFlow(),))
    assert unseen(fewer, cells(), journal.trials) == [second]
    assert unseen(STUDY.replace(diagnostics=()), cells(), journal.trials) == []


def test_what_two_studies_ask_for_looks_together(journal: Journal) -> None:
    flow, sharpness = (STUDY.replace(diagnostics=(each,)) for each in LOOKING)
    first, *_ = looked_at(flow, cells(), {})
    finished(journal, first, LOOKING[0])
    assert unseen(sharpness, cells(), journal.trials) == [first]
    both = looked_at(sharpness, cells(), journal.trials)[first]
    assert [asked["name"] for asked in both] == ["gradient_flow", "sharpness"]
    finished(journal, first, *LOOKING)
    assert unseen(flow, cells(), journal.trials) == unseen(sharpness, cells(), journal.trials) == []


def test_a_study_that_asks_for_nothing_goes_on_looking(journal: Journal) -> None:
    first, *_ = looked_at(STUDY, cells(), {})
    journal.append("started", first, facts=by(*LOOKING))
    plain = STUDY.replace(diagnostics=())
    assert len(looked_at(plain, cells(plain), journal.trials)[first]) == 2


OWN = """
from typing import Literal
from cifar_models.diagnostics import Diagnostic

class Norms(Diagnostic):
    name: Literal["norms"] = "norms"

    def analyse(self, trained):
        yield {"norm": 1.0}
"""


@pytest.mark.usefixtures("unloaded_studies")
def test_what_workers_do_not_know_does_not_look_again(journal: Journal) -> None:
    source = SourceFile("a.py", OWN)
    own = load_source(source).Norms()
    first, *_ = looked_at(STUDY, cells(), {})
    finished(journal, first, own, LOOKING[1])
    study = STUDY.replace(diagnostics=LOOKING[:1])

    def looking(*sources: SourceFile) -> list[str]:
        found = looked_at(study, cells(), journal.trials, sources)[first]
        return [asked["name"] for asked in found]

    assert looking(source) == ["norms", "sharpness", "gradient_flow"]
    assert looking() == ["sharpness", "gradient_flow"], "it is another study's file"
    forget(source.module_name)  # renamed, or its file not loaded
    assert looking(source) == ["sharpness", "gradient_flow"]


def test_a_forecast_counts_them_as_not_done(journal: Journal) -> None:
    first, second, *_ = looked_at(STUDY, cells(), {})
    finished(journal, first, *LOOKING)
    finished(journal, second)
    phase = forecast._phase("ablation", STUDY, cells(), journal.trials)
    assert (phase.trials, phase.done) == (4, 1)
    told = "has 1 trials that diagnostics have not seen: trained again"
    assert phase.notes == [told], "to the same numbers on a CPU"


def test_a_forecast_says_that_a_gpu_may_give_other_numbers(journal: Journal) -> None:
    gpu = Numerics(device="cuda")
    asked = [replace(cell, spec=replace(cell.spec, numerics=gpu)) for cell in cells()]
    finished(journal, asked[0].spec.id)
    (note,) = forecast._phase("ablation", STUDY, asked, journal.trials).notes
    assert note.endswith("again, perhaps to other numbers, also for other studies that have them")


def test_the_identity_of_a_trial_is_the_same_with_diagnostics() -> None:
    without = STUDY.replace(diagnostics=())
    assert [c.spec.id for c in cells()] == [c.spec.id for c in cells(without)]


@pytest.fixture
def images_at_hand(monkeypatch: pytest.MonkeyPatch) -> TrainingImages:
    monkeypatch.setattr("ray.get", lambda reference: reference)
    monkeypatch.setattr(trainable, "latency", lambda *_: None)
    parts = images()
    return TrainingImages(parts.train, parts.validation, 10)


def worker(
    folder: Path, shown: TrainingImages, diagnostics: tuple[Any, ...], recorded: int = 0
) -> Trainable:
    spec = cells()[0].spec
    made = Trainable.__new__(Trainable)
    config = {
        "spec": spec.to_json(),
        "data": "drawn",
        "checkpoint": str(folder / "it.pt"),
        "recorded_epochs": recorded,
        "diagnostics": [diagnostic.model_dump(mode="json") for diagnostic in diagnostics],
    }
    made.setup(config, {"drawn": shown})  # type: ignore[dict-item]
    return made


def test_a_worker_says_what_has_looked(tmp_path: Path, images_at_hand: TrainingImages) -> None:
    made = worker(tmp_path, images_at_hand, LOOKING)
    assert seen(made.step()["facts"]).keys() == {d.key for d in LOOKING}
    made.step()
    kept = load(str(tmp_path / "it.pt")).observations
    assert set(kept) == {d.key for d in LOOKING}
    assert set(kept[LOOKING[1].key]["epoch"]) == {1, 2}
    plain = worker(tmp_path / "other", images_at_hand, ())
    assert FACT not in plain.step()["facts"]


@pytest.fixture
def broken() -> Iterator[Diagnostic]:
    class Broken(Diagnostic):
        name: Literal["broken"] = "broken"

        def analyse(self, trained: Trained) -> Iterable[Row]:
            raise torch.OutOfMemoryError(f"of epoch {trained.epoch}")

    yield Broken()
    forget(Broken.__module__)


def test_a_trial_is_trained_to_its_end_whatever_a_diagnostic_raises(
    tmp_path: Path, images_at_hand: TrainingImages, broken: Diagnostic
) -> None:
    made = worker(tmp_path, images_at_hand, (GradientFlow(), broken))
    reports = [made.step(), made.step()]
    assert [report["status"] for report in reports] == ["running", "finished"]
    for report in reports:
        why = "in epoch 1: OutOfMemoryError: of epoch 1"
        assert missed(report["facts"]) == {broken.key: why}
    kept = load(str(tmp_path / "it.pt")).observations
    assert kept[broken.key] == {}
    assert set(kept[GradientFlow().key]["epoch"]) == {1, 2}


def test_it_is_not_trained_again_for_what_raised(journal: Journal) -> None:
    first, second, *_ = looked_at(STUDY, cells(), {})
    plain = [diagnostic.model_dump(mode="json") for diagnostic in LOOKING]
    for trial, raised in ((first, {LOOKING[1].key: "KeyError"}), (second, {})):
        finished(journal, trial)
        journal.append("started", trial, facts=told(plain, raised))
        journal.append("outcome", trial, status="finished")
    assert unseen(STUDY, cells(), journal.trials) == []


@pytest.mark.parametrize("torn", [False, True])
def test_what_a_lost_checkpoint_had_seen_is_seen_again(
    tmp_path: Path, images_at_hand: TrainingImages, torn: bool
) -> None:
    worker(tmp_path, images_at_hand, LOOKING).step()
    file = tmp_path / "it.pt"
    if torn:
        file.write_bytes(file.read_bytes()[:100])
    else:
        file.unlink()
    again = worker(tmp_path, images_at_hand, LOOKING, recorded=1)
    assert [again.step()["epoch"], again.step()["epoch"]] == [1, 2]
    assert all(set(seen["epoch"]) == {1, 2} for seen in load(str(file)).observations.values())


def test_what_was_begun_without_begins_again(
    tmp_path: Path, images_at_hand: TrainingImages
) -> None:
    worker(tmp_path, images_at_hand, ()).step()
    again = worker(tmp_path, images_at_hand, LOOKING)
    assert [again.step()["epoch"], again.step()["epoch"]] == [1, 2]
    goes_on = worker(tmp_path, images_at_hand, LOOKING[:1])
    assert goes_on.step()["epoch"] == 1, "told again, as nothing of it is recorded"
    assert goes_on.step()["status"] == "finished"


def test_a_study_keeps_its_diagnostics_as_plain_data() -> None:
    asked = STUDY.model_dump(mode="json")["diagnostics"]
    assert Study.model_validate(STUDY.model_dump(mode="json")).diagnostics == LOOKING
    assert asked[1] == {"name": "sharpness", "images": 10, "every_epochs": 1}


def test_each_is_asked_for_once() -> None:
    with pytest.raises(ValueError, match="each diagnostic can be asked for once, got sharpness, s"):
        STUDY.replace(diagnostics=(Sharpness(), Sharpness(images=3)))

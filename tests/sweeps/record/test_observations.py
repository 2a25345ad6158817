"""What diagnostics have seen: from the checkpoint to MLflow, and to frames."""

from pathlib import Path

import pandas as pd
import pytest

from cifar_models.checkpoint import Checkpoint, save
from cifar_models.diagnostics import FirstKernels, GradientFlow, HardestImages
from cifar_models.diagnostics.columns import append
from sweeps.record.diagnosed import missed, seen, told
from sweeps.record.journal import Journal
from sweeps.record.places import checkpoint_url
from sweeps.record.recovery import recover
from sweeps.record.results import load
from sweeps.record.tracking import Tracker
from tests.sweeps.record.looked_at import FLOW, LOOKED, LOOKING, record_looked_at
from tests.sweeps.record.recorded import cells, finish, mirror
from tests.sweeps.record.small import FACTS, open_runs, record


@pytest.fixture
def looked_at(state: Path) -> str:
    record_looked_at(state)
    return open_runs(state).uri


def test_they_are_parquet_files_of_runs_and_a_tidy_frame(looked_at: str, state: Path) -> None:
    found = load("small", looked_at).observations
    assert load("small", looked_at).unseen.empty
    assert list(found) == ["gradient_flow"]
    frame = found["gradient_flow"]
    for said in frame.columns[:5]:  # of whom a row is; no diagnostic may say it
        with pytest.raises(ValueError, match=f"a column is named {said}, which says of whom"):
            append({}, [{said: 1}], 1)
    assert list(frame) == ["factor", "level", "baseline", "seed", "trial", *FLOW]
    assert list(frame["level"].unique()) == ["relu", "tanh", "elu"]
    assert set(frame["seed"]) == {0}
    assert frame["mean_absolute"].tolist() == [0.5, 0.25] * 3
    assert frame.loc[frame["level"] == "relu", "baseline"].all()

    runs = open_runs(state)
    run = runs.trial(cells(LOOKED)[0].spec.id)
    assert run is not None
    file = f"diagnostics/{GradientFlow().key}.parquet"
    kept = pd.read_parquet(runs.client.download_artifacts(run.info.run_id, file))
    assert kept.to_dict("list") == FLOW
    assert load("small", looked_at, searched=False).observations == {}, "a table does without"


def test_a_level_without_numbers_leaves_the_others_theirs(state: Path) -> None:
    record_looked_at(state, without="tanh")
    found = load("small", open_runs(state).uri).observations["gradient_flow"]["mean_absolute"]
    assert found.dtype == float
    assert found.isna().tolist() == [False, False, True, True, False, False]


@pytest.mark.parametrize(
    ("classes", "said"),
    [(("cat", "dog"), ("dog", "cat")), ((), (1, 0)), (("cat",), (1, 0)), (("cat",) * 2, (1, 0))],
)
def test_classes_have_their_names_or_else_numbers(
    state: Path, classes: tuple[str, ...], said: tuple[str | int, ...]
) -> None:
    study = LOOKED.replace(diagnostics=(hardest := HardestImages(),))
    runs, journal, cell = open_runs(state), Journal(state), cells(study)[0]
    record(journal, cell.spec, 0.5)
    journal.trials[cell.spec.id].facts = {**FACTS, **told([hardest.model_dump(mode="json")])}
    kept = {hardest.key: {"epoch": [1], "true": [1], "predicted": [0]}}
    url = checkpoint_url(str(state), cell.spec.id)
    save(Checkpoint("s", 0, 1, {}, {}, {}, [], observations=kept), url)
    mirror(runs, journal, study, cells(study), str(state), classes)
    journal.close()
    (row,) = load("small", runs.uri).observations["hardest_images"].to_dict("records")
    assert (row["true"], row["predicted"]) == said


def test_a_new_journal_learns_from_mlflow_what_has_looked(
    looked_at: str, state: Path, tmp_path: Path
) -> None:
    journal = Journal(tmp_path / "new")
    spec = cells(LOOKED)[0].spec
    recover(open_runs(state), journal, spec, "small")
    keys = [diagnostic.key for diagnostic in LOOKED.diagnostics]
    assert list(seen(journal[spec.id].facts)) == sorted(keys)
    assert missed(journal[spec.id].facts) == {}
    journal.close()


def test_a_lost_checkpoint_is_no_outage(state: Path) -> None:
    runs, journal = open_runs(state), Journal(state)
    tracker = Tracker(runs, journal, "small", runs.create_parent("small", "?"), str(state))
    cell = cells()[0]
    finish(journal, cell, (0.1, 0.2))
    journal.trials[cell.spec.id].facts = {**FACTS, **told([GradientFlow().model_dump(mode="json")])}
    tracker.changed(cell.spec.id)
    assert tracker.close("FINISHED", 60)
    assert tracker.problem is None
    journal.close()


FLOWN, SHARP = (diagnostic.key for diagnostic in LOOKING)
PLAIN = [diagnostic.model_dump(mode="json") for diagnostic in LOOKING]


def seen_until(epoch: int, state: Path) -> Path:
    """Let the first trial's checkpoint have seen gradients until an epoch; return its place."""
    url = checkpoint_url(str(state), cells(LOOKED)[0].spec.id)
    flow = {name: column * epoch for name, column in FLOW.items()}
    flow["epoch"] = [number for number in range(1, epoch + 1) for _ in FLOW["epoch"]]
    save(Checkpoint("s", 0, epoch, {}, {}, {}, [], observations={FLOWN: flow, SHARP: {}}), url)
    return Path(url)


def interrupted(journal: Journal, epochs: int) -> None:
    """Let the first trial be interrupted after so many epochs."""
    spec = cells(LOOKED)[0].spec
    record(journal, spec, *[0.1] * epochs, end="running")
    journal.append("started", spec.id, facts={**FACTS, **told(PLAIN)})
    journal.append("outcome", spec.id, status="interrupted")


def ended(journal: Journal, raised: dict[str, str] | None = None) -> None:
    """Let the first trial finish after three epochs."""
    cell = cells(LOOKED)[0]
    finish(journal, cell, (0.1, 0.2, 0.3))
    journal.trials[cell.spec.id].facts = {**FACTS, **told(PLAIN, raised)}


def words(uri: str) -> dict[str, str]:
    """Return why the first trial was not seen, by diagnostic."""
    found = load("small", uri).unseen
    rows = found[found["level"] == "relu"].to_dict("records")
    return {row["diagnostic"]: row["words"] for row in rows}


def test_what_a_lost_checkpoint_had_is_said_to_be_unseen(state: Path) -> None:
    runs, journal, members = open_runs(state), Journal(state), cells(LOOKED)
    file = seen_until(1, state)
    interrupted(journal, 1)
    mirror(runs, journal, LOOKED, members, str(state))
    assert words(runs.uri) == {}, "as much as was trained"

    file.write_bytes(file.read_bytes()[:100])
    ended(journal)
    mirror(runs, journal, LOOKED, members, str(state))
    lost = "the checkpoint that held it was lost"
    assert words(runs.uri)["gradient_flow"] == f"not seen after epoch 1 of 3: {lost}"
    assert set(load("small", runs.uri).observations["gradient_flow"]["epoch"]) == {1}

    seen_until(3, state)  # it is back
    mirror(runs, journal, LOOKED, members, str(state))
    assert words(runs.uri) == {}
    assert set(load("small", runs.uri).observations["gradient_flow"]["epoch"]) == {1, 2, 3}
    journal.close()


def test_what_a_divergence_left_unseen_is_said(state: Path) -> None:
    runs, journal, cell = open_runs(state), Journal(state), cells(LOOKED)[0]
    kernels, whole = FirstKernels(), HardestImages()
    study = LOOKED.replace(diagnostics=(*LOOKING, kernels, whole))
    plain = [diagnostic.model_dump(mode="json") for diagnostic in study.diagnostics]
    record(journal, cell.spec, 0.1, 0.2, end="diverged")
    journal.trials[cell.spec.id].facts = {**FACTS, **told(plain)}
    looked = {FLOWN: {"epoch": [1, 2]}, SHARP: {}, kernels.key: {"epoch": [1]}, whole.key: {}}
    url = checkpoint_url(str(state), cell.spec.id)
    save(Checkpoint("s", 0, 2, {}, {}, {}, [], observations=looked), url)
    mirror(runs, journal, study, cells(LOOKED), str(state))
    journal.close()
    never = "not seen: diverged in epoch 2"
    assert words(runs.uri) == {
        "sharpness": never,
        "first_kernels": "not seen after epoch 1: diverged in epoch 2",
        "hardest_images": never,
    }


def test_where_nothing_was_kept_nothing_was_seen(state: Path) -> None:
    runs, journal = open_runs(state), Journal(state)
    ended(journal)
    mirror(runs, journal, LOOKED, cells(LOOKED), str(state))
    why = "not seen: the checkpoint that held it was lost"
    assert words(runs.uri) == {"gradient_flow": why, "sharpness": why}
    assert load("small", runs.uri).observations == {}
    journal.close()


def test_what_raised_is_unseen_with_its_reason_and_the_others_are_there(
    state: Path, tmp_path: Path
) -> None:
    runs, journal = open_runs(state), Journal(state)
    seen_until(3, state)
    ended(journal, raised := {SHARP: "in epoch 2: OutOfMemoryError: 9 GiB"})
    mirror(runs, journal, LOOKED, cells(LOOKED), str(state))
    journal.close()
    assert words(runs.uri) == {"sharpness": "not seen: in epoch 2: OutOfMemoryError: 9 GiB"}
    assert list(load("small", runs.uri).observations) == ["gradient_flow"]
    new, spec = Journal(tmp_path / "new"), cells(LOOKED)[0].spec
    recover(runs, new, spec, "small")
    assert missed(new[spec.id].facts) == raised
    new.close()

"""`sweeps retry` up to where Ray would start: what is trained again, and what is not."""

import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import optuna
import pytest
from rich.console import Console

from cifar_models import checkpoint as checkpoints
from search_spaces import LogRange, Search
from search_spaces.study import Study
from sweeps.commands import run as running
from sweeps.commands.retry import retry
from sweeps.execution.chain import Interrupted
from sweeps.execution.options import Options
from sweeps.execution.optuna_source import OptunaTrials
from sweeps.execution.plan import Planner
from sweeps.execution.ray_session import Resources
from sweeps.execution.runner import StudyRun
from sweeps.execution.suggestions import open_suggestions
from sweeps.record.identity import TrialSpec
from sweeps.record.journal import Journal
from sweeps.record.places import checkpoint_url, resolve_places
from sweeps.record.tracking import Tracker
from tests.cifar_models.small import RECIPE, start
from tests.sweeps.commands.command_line import TINY, call, refuse
from tests.sweeps.record.recorded import STUDY, cells, mirror
from tests.sweeps.record.small import open_runs, record

ENDS = ("finished", "failed", "out_of_memory", "diverged", "interrupted", "failed")
SEARCHING = STUDY.replace(
    search=Search(space={"optimizer.lr": LogRange(0.01, 1.0)}, trials=5, sampler="random")
)


@pytest.fixture
def journal(state: Path) -> Iterator[Journal]:
    """Of a study whose trials ended in every way."""
    journal = Journal(state)
    for cell, end in zip(cells(), ENDS, strict=False):
        record(journal, cell.spec, 0.1, 0.2, end=end)
    mirror(open_runs(state), journal, STUDY, cells()[: len(ENDS)])
    yield journal
    journal.close()


@pytest.fixture
def begin(state: Path, journal: Journal) -> Iterator[Any]:
    """Begin a run of a study as its driver does, without Ray."""
    trackers: list[Tracker] = []

    def begin(options: Options, study: Study = STUDY) -> StudyRun:
        run = StudyRun(study, (), resolve_places(str(state)), options, Console())
        run.journal, run.runs = journal, open_runs(state)
        run.tracker = Tracker(run.runs, journal, study.name, run.runs.create_parent(study.name, ""))
        run.resources = Resources(1, 0, 1)
        run.planner = Planner(run.images, run.resources)
        trackers.append(run.tracker)
        return run

    yield begin
    for tracker in trackers:
        tracker.close("KILLED", 20)


def statuses(journal: Journal) -> list[str]:
    return [journal[cell.spec.id].status for cell in cells()[: len(ENDS)]]


@pytest.mark.parametrize(
    ("ends", "left"),
    [
        ({"failed"}, [1, 5]),
        ({"out_of_memory"}, [2]),
        ({"failed", "out_of_memory"}, [1, 2, 5]),
        ((), []),
    ],
)
def test_only_what_ended_so_is_forgotten(
    begin: Any, journal: Journal, state: Path, ends: set[str], left: list[int]
) -> None:
    members = cells()[: len(ENDS)]
    weights = start(RECIPE).checkpoint()
    for cell in members:
        checkpoints.save(weights, checkpoint_url(str(state), cell.spec.id))
    phase = begin(Options(retry=frozenset(ends)))._training(members, "selection")
    again = [n for n, status in enumerate(statuses(journal)) if status == "pending"]
    assert again == left
    assert [ENDS[n] for n in range(6) if n not in left] == [
        status for status in statuses(journal) if status != "pending"
    ]
    ended = sum(end != "interrupted" for end in ENDS)
    assert phase.progress.reused == ended - len(left)
    runs = open_runs(state)
    for number, cell in enumerate(members):
        assert (runs.trial(cell.spec.id) is None) == (number in left)
        assert Path(checkpoint_url(str(state), cell.spec.id)).exists() == (number not in left)
    assert len(runs.find(kind="superseded")) == len(left)


def test_a_driver_killed_in_between_forgets_no_half(
    begin: Any, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the checkpoint there and the record gone it would go on from where it failed."""
    monkeypatch.setattr("cifar_models.checkpoint.remove", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        begin(Options(retry=frozenset({"failed"})))._forget([cells()[1].spec.id])
    assert statuses(journal)[1] == "failed"


@pytest.mark.parametrize("deterministic", [False, True])
def test_a_searchs_trial_keeps_its_number_and_costs_no_budget(
    begin: Any, journal: Journal, state: Path, deterministic: bool
) -> None:
    run = begin(Options(deterministic=deterministic), SEARCHING)
    phase = next(run._searching())
    source, _ = phase.begin()
    assert isinstance(source, OptunaTrials)
    ended: list[TrialSpec] = []
    while spec := source.next_spec():
        record(journal, spec, 0.1, end="failed" if len(ended) in (1, 3) else "finished")
        source.ended(spec.id)
        ended.append(spec)
    assert len(ended) == 5
    assert not next(run._searching()).progress.left

    again = begin(Options(deterministic=deterministic, retry=frozenset({"failed"})), SEARCHING)
    phase = next(again._searching())
    assert phase.progress.reused == 3
    source, _ = phase.begin()
    assert isinstance(source, OptunaTrials)
    for spec in (ended[1], ended[3]):
        assert source.next_spec() == spec
        record(journal, spec, 0.4)
        source.ended(spec.id)
    assert source.next_spec() is None
    suggestions = open_suggestions(str(state / "optuna.jsonl"), reading=True)
    (name,) = optuna.get_all_study_names(suggestions)
    told = optuna.load_study(study_name=name, storage=suggestions).get_trials()
    assert [trial.value for trial in told] == [0.1, 0.4, 0.1, 0.4, 0.1]


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "own.py"
    path.write_text(TINY.replace('"tiny"', '"small"'), encoding="utf-8")
    return path


@pytest.mark.usefixtures("unloaded_studies")
def test_the_options_reach_the_run(
    state: Path, file: Path, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[str, Any] = {}

    def execute(self: StudyRun) -> None:
        seen.update(vars(self))
        raise Interrupted

    monkeypatch.setattr(StudyRun, "execute", execute)
    words = ("retry", "--study", file, "--storage", state, "--max-concurrent", 3)
    limited = (*words, "--failed", "--trial-time-limit", 60)
    assert call(*limited).exit_code == running.INTERRUPTED
    assert seen["options"] == Options(
        max_concurrent=3, retry=frozenset({"failed", "timed_out"}), trial_time_limit=60.0
    )
    call(*words, "--out-of-memory", "--failed")
    assert seen["options"].retry == {"failed", "timed_out", "out_of_memory"}


@pytest.mark.usefixtures("unloaded_studies")
def test_what_will_be_trained_again_is_said(state: Path, file: Path, journal: Journal) -> None:
    journal.append("outcome", cells()[1].spec.id, status="failed", reason="File ...\nOops: why")
    words = ("retry", "--study", file, "--storage", state, "--dry-run")
    said = call(*words, "--failed").stdout
    assert f"  {cells()[1].spec.id} failed after 2 epochs: Oops: why\n" in said
    assert said.endswith("small: 2 trials failed or timed out, to be trained again\n")
    assert "1 trial out of memory, to be" in call(*words, "--out-of-memory").stdout
    journal.append("outcome", cells()[2].spec.id, status="finished")
    assert "small: no trial out of memory\n" in call(*words, "--out-of-memory").stdout


def test_without_a_word_of_what_it_is_refused(state: Path) -> None:
    refuse(state, "say what: --failed, --out-of-memory or both", "retry", "--study", "quickstart")


def test_without_a_record_it_is_refused(tmp_path: Path) -> None:
    words = ("retry", "--study", "quickstart", "--failed", "--storage", tmp_path)
    refuse(tmp_path, "there are no results in", *words)


def test_it_takes_what_run_takes() -> None:
    own = {"failed", "out_of_memory"}
    assert set(inspect.signature(retry).parameters) - own == set(
        inspect.signature(running.run).parameters
    ) - {"fresh"}

"""`sweeps clean`: what goes is said; what a study needs stays."""

import json
from pathlib import Path

import fsspec
import pytest

from cifar_models import checkpoint as checkpoints
from sweeps.execution.final_evaluation import weightless
from sweeps.execution.plan import Cell
from sweeps.execution.trial_source import PlannedTrials
from sweeps.record.journal import FILE, Journal
from sweeps.record.places import checkpoint_url
from tests.cifar_models.small import RECIPE, start
from tests.sweeps.commands.command_line import call, refuse, tree
from tests.sweeps.record.recorded import STUDY, cells, finish, mirror
from tests.sweeps.record.small import open_runs, record, spec

CURVE = (0.1, 0.2, 0.3)
WEIGHTS = start(RECIPE).checkpoint()


@pytest.fixture
def study(state: Path) -> list[Cell]:
    """The ablation of a study that has not ended, and a search; all trials have checkpoints.

    The cells: evaluated, not yet evaluated, interrupted, failed, searched.
    """
    journal = Journal(state)
    evaluated, waiting, halfway, failed = cells()[:4]
    searched = Cell(spec(1_000_000), "search")
    finish(journal, evaluated, CURVE)
    record(journal, waiting.spec, *CURVE)
    record(journal, halfway.spec, *CURVE[:2], end="running")
    journal.append("outcome", halfway.spec.id, status="interrupted")
    record(journal, failed.spec, *CURVE[:2], end="failed")
    record(journal, searched.spec, *CURVE)
    members = [evaluated, waiting, halfway, failed, searched]
    mirror(open_runs(state), journal, STUDY, members)
    journal.close()
    for cell in members:
        checkpoints.save(WEIGHTS, checkpoint_url(str(state), cell.spec.id))
    (state / "studies" / "small").mkdir(parents=True)
    (state / "studies" / "small" / "table.md").write_text("table", encoding="utf-8")
    return members


def left(state: Path) -> set[str]:
    return {path.stem for path in (state / "checkpoints").iterdir()}


def names(*members: Cell) -> set[str]:
    return {cell.spec.id for cell in members}


def assert_nothing_recorded_is_trained_again(state: Path, members: list[Cell]) -> None:
    journal = Journal(state)
    specs = [cell.spec for cell in members if cell.role == "ablation"]
    assert list(weightless(specs, journal, "last", str(state))) == []
    source = PlannedTrials(specs, "small", journal, str(state), 1)
    assert source.next_spec() == members[2].spec  # the interrupted one
    assert source.next_spec() is None
    assert checkpoints.load(checkpoint_url(str(state), members[2].spec.id)) is not None
    journal.close()


def test_checkpoints_that_nothing_needs_go(state: Path, study: list[Cell]) -> None:
    said = call("clean", "--checkpoints", "--storage", state).stdout
    assert left(state) == names(*study[:3])
    for cell, why in ((study[3], "failed"), (study[4], "finished, its search has its numbers")):
        url = checkpoint_url(str(state), cell.spec.id)
        assert f"{url}  ({why})\n" in said
    assert "1 file kept: not ended, goes on from here" in said
    assert "2 files kept: cited by a table" in said
    assert said.splitlines()[-1].startswith("removed 2 files, ")
    assert_nothing_recorded_is_trained_again(state, study)


def test_a_study_goes_but_for_what_it_needs(state: Path, study: list[Cell]) -> None:
    call("logs", study[0].spec.id, "--storage", state)
    assert call("clean", "--study", "small", "--storage", state).exit_code == 0
    assert left(state) == names(study[1], study[2])
    assert not (state / "studies" / "small").exists()
    assert list((state / "trials").iterdir()) == []
    assert_nothing_recorded_is_trained_again(state, study)
    assert "tanh" in call("table", "--study", "small", "--storage", state).stdout


def test_a_study_that_is_given_up_goes_whole(state: Path, study: list[Cell]) -> None:
    call("clean", "--study", "small", "--unfinished", "--storage", state)
    assert left(state) == set()


def test_a_dry_run_says_the_same_and_changes_nothing(state: Path, study: list[Cell]) -> None:
    (state / "checkpoints" / f"{'a' * 16}.pt").write_bytes(b"12")
    words = ("clean", "--orphans", "--checkpoints", "--study", "small", "--storage", state)
    before = tree(state)
    planned = call(*words, "--dry-run").stdout
    assert tree(state) == before
    done = call(*words).stdout
    assert planned.replace("would remove", "removed") == done
    assert f"{'a' * 16}.pt  (of no trial on record)" in done
    assert call(*words).stdout.splitlines()[-1] == "nothing to remove"


def test_orphans_are_those_that_neither_journal_nor_mlflow_knows(
    state: Path, study: list[Cell]
) -> None:
    journal = (state / FILE).read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [line for line in journal if study[0].spec.id not in line]
    (state / FILE).write_text("".join(kept), encoding="utf-8")
    (state / "checkpoints" / f"{'a' * 16}.pt").write_bytes(b"12")
    (state / "checkpoints" / "mine.txt").write_bytes(b"12")
    call("clean", "--orphans", "--storage", state)
    assert left(state) == names(*study) | {"mine"}


def test_json_says_what_and_how_much(state: Path, study: list[Cell]) -> None:
    said = call("clean", "--checkpoints", "--storage", state, "--json", "--dry-run").stdout
    found = json.loads(said)
    assert found["dry_run"] is True
    assert found["freed"] == sum(file["size"] for file in found["removed"]) > 0
    assert (len(found["removed"]), len(found["kept"])) == (2, 3)


def test_a_remote_storage_is_cleaned_too(state: Path, study: list[Cell]) -> None:
    storage = f"memory://bucket{state}"
    url = checkpoint_url(storage, study[3].spec.id)
    checkpoints.save(WEIGHTS, url)
    places = ("--storage", storage, "--state", state)
    uri = f"sqlite:///{state}/mlflow.db"
    said = call("clean", "--checkpoints", *places, "--tracking-uri", uri).stdout
    assert f"{url}  (failed)" in said
    files, path = fsspec.core.url_to_fs(url)
    assert not files.exists(path)
    assert len(left(state)) == 5


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "say what: --orphans, --checkpoints or --study NAME"),
        (("--orphans", "--unfinished"), "--unfinished goes with --study"),
        (("--study", "smal"), "has no study 'smal': did you mean 'small'"),
    ],
)
def test_bad_input_is_a_sentence(
    state: Path, study: list[Cell], words: tuple[str, ...], said: str
) -> None:
    refuse(state, said, "clean", *words, "--dry-run", "--storage", state)


def test_while_a_driver_is_at_work_nothing_goes(state: Path, study: list[Cell]) -> None:
    journal = Journal(state)
    refuse(state, "another driver is at work", "clean", "--checkpoints", "--storage", state)
    assert len(left(state)) == 5
    assert call("clean", "--checkpoints", "--dry-run", "--storage", state).exit_code == 0
    journal.close()


@pytest.mark.parametrize("lacks", [FILE, "mlflow.db"])
def test_without_a_record_nothing_goes(state: Path, study: list[Cell], lacks: str) -> None:
    (state / lacks).unlink()
    said = "there is no journal" if lacks == FILE else "there are no results in"
    refuse(state, said, "clean", "--orphans", "--storage", state)

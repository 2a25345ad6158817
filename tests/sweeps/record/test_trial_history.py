from pathlib import Path

import pytest

from search_spaces.loading import load_study
from sweeps.execution.plan import Cell
from sweeps.record.identity import TrialSpec
from sweeps.record.journal import FILE, Journal
from sweeps.record.places import resolve_places
from sweeps.record.tracking import Tracker
from sweeps.record.trial_history import look_up
from tests.sweeps.execution.study_file import TEXT
from tests.sweeps.record.recorded import STUDY, cells, mirror
from tests.sweeps.record.small import FACTS, metrics, open_runs, record, spec


@pytest.fixture
def journal(state: Path) -> Journal:
    return Journal(state)


def test_a_trial_that_was_cut_off_and_interrupted_is_told_so(state: Path, journal: Journal) -> None:
    trial = spec().id
    journal.append("trial", trial, spec=spec().to_json())
    journal.append("started", trial, facts={})
    journal.append("started", trial, facts=FACTS)  # with its first result: no second start
    journal.append("result", trial, epoch=1, status="running", metrics=metrics(1), study="small")
    journal.append("started", trial, facts=FACTS)  # after a kill, of which nothing tells
    last = journal.append("outcome", trial, status="interrupted", reason="its worker died")
    journal.append("started", spec(1).id, facts={})
    found = look_up(resolve_places(str(state)), trial)  # the driver has the journal still
    journal.close()
    assert (found.starts, found.interruptions, found.heard) == (2, 1, last["time"])
    assert (found.record.status, found.record.reason) == ("interrupted", "its worker died")
    assert (found.record.epochs, found.planned, found.run_id) == (1, 3, None)


def test_what_was_forgotten_is_not_counted(state: Path, journal: Journal) -> None:
    trial = record(journal, spec(), 0.1, end="running").id
    journal.append("started", trial, facts=FACTS)
    journal.append("outcome", trial, status="interrupted")
    journal.append("forgotten", trial)
    journal.append("trial", trial, spec=spec().to_json())
    journal.append("started", trial, facts={})
    journal.close()
    found = look_up(resolve_places(str(state)), trial)
    assert (found.starts, found.interruptions, found.record.epochs) == (1, 0, 0)


def test_mlflow_knows_its_run_and_its_places_in_studies(recorded: Path) -> None:
    cell = cells()[1]
    found = look_up(resolve_places(str(recorded)), cell.spec.id)
    run = open_runs(recorded).trial(cell.spec.id)
    assert run is not None
    assert found.run_id == run.info.run_id
    assert found.variant == cell.spec.recipe.signature
    assert found.cells == [
        {"study": "small", "role": "ablation", "factor": "activation", "level": "tanh",
         "baseline": False}
    ]  # fmt: skip


def test_before_the_ablation_its_study_is_known(state: Path, journal: Journal) -> None:
    record(journal, spec(), 0.1, end="failed")
    runs = open_runs(state)
    tracker = Tracker(runs, journal, "small", runs.create_parent("small", "?"))
    tracker.changed(spec().id)
    assert tracker.close("KILLED", 60)
    journal.close()
    (cell,) = look_up(resolve_places(str(state)), spec().id).cells
    assert (cell["study"], cell["role"]) == ("small", "")


def test_a_beginning_or_the_id_of_the_run_name_it(recorded: Path) -> None:
    places, trial = resolve_places(str(recorded)), cells()[0].spec.id
    assert look_up(places, trial[:8]).record.trial == trial
    run_id = look_up(places, trial).run_id
    assert run_id is not None
    assert look_up(places, run_id).record.trial == trial


def test_an_ambiguous_beginning_names_those_that_begin_so(state: Path, journal: Journal) -> None:
    for name in ("ab01", "ab02", "ab"):
        journal.append("trial", name, spec=spec().to_json())
    journal.close()
    places = resolve_places(str(state))
    with pytest.raises(ValueError, match=r"3 trials begin with 'a': ab, ab01, ab02; give more"):
        look_up(places, "a")
    assert look_up(places, "ab").record.trial == "ab"  # a whole name is itself
    for name in ("", "0", "f" * 32):
        with pytest.raises(ValueError, match=f"no trial is named '{name}'"):
            look_up(places, name)


def test_what_the_journal_lacks_comes_from_mlflow(state: Path, journal: Journal) -> None:
    trial = record(journal, spec(), 0.1, 0.2, 0.3)
    journal.append("test", trial.id, selection="last", metrics={"accuracy": 0.25})
    mirror(open_runs(state), journal, STUDY, cells()[:1])
    known = journal[trial.id]
    journal.close()
    (state / FILE).unlink()
    found = look_up(resolve_places(str(state)), trial.id[:6]).record
    assert (found.spec, found.facts, found.status) == (known.spec, known.facts, "finished")
    assert found.tests == known.tests
    assert [r["metrics"] for r in found.results.values()] == [
        r["metrics"] for r in known.results.values()
    ]


def test_without_mlflow_the_journal_still_tells(state: Path, journal: Journal) -> None:
    record(journal, spec(), 0.1, end="running")
    journal.close()
    (state / "mlflow.db").unlink()
    found = look_up(resolve_places(str(state)), spec().id)
    assert found.record.epochs == 1
    assert "there are no results in" in found.problem


def test_a_trial_to_be_trained_afresh_is_a_sentence(state: Path, journal: Journal) -> None:
    journal.append("forgotten", record(journal, spec(), 0.1, end="failed").id)
    journal.close()
    with pytest.raises(ValueError, match=r"nothing is recorded of .*to be trained afresh"):
        look_up(resolve_places(str(state)), spec().id)


@pytest.mark.usefixtures("unloaded_studies")
def test_a_run_keeps_the_users_own_file(state: Path, journal: Journal, tmp_path: Path) -> None:
    file = tmp_path / "own.py"
    file.write_text(TEXT, encoding="utf-8")
    study, _ = load_study(str(file))
    own, plain = (
        TrialSpec(arm.recipe, 0, spec().numerics, "f" * 16) for arm in reversed(study.arms())
    )
    for trial in (own, plain):
        record(journal, trial, 0.1, end="failed")
    mirror(open_runs(state), journal, STUDY, [Cell(own, "ablation"), Cell(plain, "ablation")])
    journal.close()
    places = resolve_places(str(state))
    assert look_up(places, own.id).components == TEXT
    assert look_up(places, plain.id).components is None

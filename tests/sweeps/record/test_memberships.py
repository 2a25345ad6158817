import json
from pathlib import Path

import pytest

from sweeps.execution.plan import Cell
from sweeps.record.journal import Journal
from sweeps.record.memberships import membership_text, memberships, unshared
from sweeps.record.mlflow_runs import Runs
from tests.sweeps.record.recorded import STUDY, cells, finish, mirror, record_study
from tests.sweeps.record.small import open_runs, record, spec


def test_a_study_has_its_trials_and_cites_those_of_its_ablation(state: Path) -> None:
    journal = Journal(state)
    searched = record(journal, spec(8), 0.1)
    ablation = cells()[0]
    finish(journal, ablation, (0.1, 0.2, 0.3), "best")
    study = STUDY.replace(selection="best")
    mirror(open_runs(state), journal, study, [ablation, Cell(searched, "search")])
    journal.close()
    (found,) = memberships(open_runs(state)).values()
    assert found.trials == {ablation.spec.id, searched.id}
    assert found.cited == {ablation.spec.id}
    assert found.rule == "best"


def test_what_two_studies_share_is_neithers_own(state: Path) -> None:
    journal = Journal(state)
    first, second, third = cells()[:3]
    for cell in (first, second, third):
        finish(journal, cell, (0.1, 0.2, 0.3))
    mirror(open_runs(state), journal, STUDY, [first, second])
    mirror(open_runs(state), journal, STUDY.replace(name="other"), [second, third])
    journal.close()
    found = memberships(open_runs(state))
    assert unshared("small", found) == {first.spec.id}
    assert unshared("other", found) == {third.spec.id}


def test_a_study_whose_table_is_not_to_be_had_cites_all(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = record_study(state)
    monkeypatch.setattr(Runs, "membership", lambda *_: None)
    (found,) = memberships(runs).values()
    assert found.cited == found.trials == {cell.spec.id for cell in cells()}


def test_the_command_is_kept_without_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    words = ["/bin/sweeps", "run", "--optuna-uri"]
    for url, kept in (
        ("postgresql://me:secret@host/optuna", "postgresql://me:***@host/optuna"),
        ("postgresql://me:se/c@ret@host/optuna", "postgresql://me:***@host/optuna"),
        ("postgresql://host/db?password=secret&a=b", "postgresql://host/db?password=***&a=***"),
        ("http://:secret@host", "http://:***@host"),
        ("s3://bucket/a:b@c", "s3://bucket/a:b@c"),
        ("http://host:5000", "http://host:5000"),
    ):
        monkeypatch.setattr("sys.argv", [*words, url])
        kept_words = json.loads(membership_text(STUDY, (), {}, (), ()))["command"]
        assert kept_words == [*words, kept]


def test_a_trial_that_left_the_study_is_cited_no_more(state: Path) -> None:
    record_study(state)
    journal = Journal(state)
    mirror(open_runs(state), journal, STUDY, cells()[:3])
    journal.close()
    (found,) = memberships(open_runs(state)).values()
    assert found.cited == {cell.spec.id for cell in cells()[:3]}
    assert found.trials == {cell.spec.id for cell in cells()}

from pathlib import Path

import pytest

from sweeps.publication import table_of
from sweeps.record.mlflow_runs import Runs
from sweeps.record.registration import register, registered
from sweeps.record.results import load
from tests.sweeps.record.recorded import STUDY, record_study
from tests.sweeps.record.small import open_runs


def test_what_is_written_down_stays_as_it_was(runs: Runs) -> None:
    first = register(STUDY, runs)
    assert register(STUDY.replace(note="another note"), runs) == first
    assert len(first.digest) == 64
    parent = runs.parent("small")
    assert parent is not None
    assert parent.info.status == "SCHEDULED"
    assert registered(runs, parent) == first


def test_it_cannot_be_written_anew(runs: Runs) -> None:
    first = register(STUDY, runs)
    with pytest.raises(ValueError, match=rf"otherwise \(seeds, margin\), as {first.digest[:16]}"):
        register(STUDY.replace(seeds=4, margin=0.5), runs)


def test_a_table_says_whether_it_confirms(state: Path) -> None:
    digest = register(STUDY, open_runs(state)).digest
    record_study(state)
    notes = table_of(load("small", f"sqlite:///{state}/mlflow.db")).footnotes
    assert any(note.startswith(f"Confirmatory: it was written down as {digest[:16]}")
               for note in notes)  # fmt: skip


def test_a_study_that_has_begun_is_too_late(state: Path) -> None:
    runs = record_study(state)
    with pytest.raises(ValueError, match="has begun, and it is too late"):
        register(STUDY, runs)

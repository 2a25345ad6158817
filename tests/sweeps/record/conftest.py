from collections.abc import Iterator
from pathlib import Path

import pytest

from sweeps.record import tracking
from sweeps.record.journal import Journal
from sweeps.record.mlflow_runs import Runs
from sweeps.record.tracking import Tracker
from tests.sweeps.record.mirrored import Start
from tests.sweeps.record.small import open_runs, spec


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    """An empty journal in the folder ``journal`` of the test's own."""
    journal = Journal(tmp_path / "journal")
    yield journal
    journal.close()


@pytest.fixture
def runs(state: Path) -> Runs:
    return open_runs(state)


@pytest.fixture
def start(runs: Runs, journal: Journal, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Start trackers that do not dawdle, and end them with the test."""
    monkeypatch.setattr(tracking, "_INTERVAL", 0.02)
    started: list[Tracker] = []

    def start(study: str = "small", follow: tuple[int, ...] = (0,)) -> Tracker:
        tracker = Tracker(runs, journal, study, runs.create_parent(study, "?"))
        started.append(tracker)
        for seed in follow:
            tracker.changed(spec(seed).id)
        return tracker

    yield start
    monkeypatch.undo()
    for tracker in started:
        tracker.close("KILLED", 20)

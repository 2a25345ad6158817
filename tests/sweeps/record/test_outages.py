"""The tracker while MLflow does not answer, or refuses, and after a driver's sudden death."""

import contextlib
import multiprocessing
import sqlite3
import threading
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from sweeps.record.journal import Journal
from sweeps.record.mlflow_runs import Runs
from sweeps.record.run_update import CURVES, SPEC
from sweeps.record.tracking import Tracker
from tests.sweeps.record.mirrored import Start, only_run, points, until
from tests.sweeps.record.small import open_runs, record, spec


class Outage:
    """Lets every call of a method of MLflow's client fail until it is over."""

    def __init__(self, runs: Runs, monkeypatch: pytest.MonkeyPatch, *methods: str) -> None:
        self.over = threading.Event()
        self.calls = 0
        for method in methods:
            owner: Any = runs if method == "_write_files" else runs.client
            monkeypatch.setattr(owner, method, self._failing(getattr(owner, method)))

    def _failing(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            if not self.over.is_set():
                self.calls += 1
                raise ConnectionError("nobody there\nmany more lines" if self.calls % 2 else "")
            return method(*args, **kwargs)

        return call


@pytest.mark.parametrize(
    "method",
    ["create_run", "log_batch", "log_text", "_write_files", "set_terminated", "search_runs"],
)
def test_an_outage_delays_and_loses_nothing(
    runs: Runs, journal: Journal, start: Start, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    tracker = start(follow=())
    outage = Outage(runs, monkeypatch, method)
    for seed in range(2):
        record(journal, spec(seed), 0.1, 0.2)
        journal.append("test", spec(seed).id, selection="last", metrics={"accuracy": 0.2})
        tracker.changed(spec(seed).id)
    tracker.keep_membership("{}")
    until(lambda: outage.calls > 3 if method != "set_terminated" else outage.calls)
    until(lambda: tracker.problem in ("nobody there", "ConnectionError"))
    outage.over.set()
    until(lambda: tracker.problem is None)
    assert tracker.close("FINISHED", 20)
    for seed in range(2):
        run = only_run(runs, seed)
        assert (run.info.status, points(runs, seed)) == ("FINISHED", [1, 2])
        assert run.data.metrics["test_last/accuracy"] == 0.2
        assert run.data.params["batch_size"] == "30"
        assert runs.text(run, SPEC)
        assert runs.text(run, CURVES)
    parent = runs.parent("small")
    assert parent is not None
    assert parent.info.status == "FINISHED"
    assert runs.membership(parent) == {}


def test_close_gives_up_after_its_patience(
    runs: Runs, journal: Journal, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    tracker = start(follow=())
    outage = Outage(runs, monkeypatch, "create_run")
    tracker.changed(record(journal, spec(), 0.1).id)
    assert not tracker.close("FINISHED", 0.3)
    assert tracker.problem in ("nobody there", "ConnectionError")
    outage.over.set()


def test_a_bug_is_no_outage_and_is_raised_at_once(
    runs: Runs, journal: Journal, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A user must not be told that it mends itself."""
    tracker = start(follow=())

    def broken(*_: Any) -> None:
        raise UnboundLocalError("cannot access local variable 'flat'")

    monkeypatch.setattr(runs, "create_trial", broken)
    tracker.changed(record(journal, spec(), 0.1).id)
    until(lambda: tracker.problem is not None)
    before = time.monotonic()
    with pytest.raises(UnboundLocalError, match="flat"):
        tracker.close("FINISHED", 60)
    assert time.monotonic() - before < 30, "there is nothing to wait for"


def test_one_trial_that_mlflow_refuses_does_not_hold_the_others_back(
    runs: Runs, journal: Journal, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = runs.create_trial

    def create_trial(trial: str, *rest: Any) -> str:
        if trial == spec(0).id:
            raise ValueError("refused")
        return original(trial, *rest)

    tracker = start(follow=())
    monkeypatch.setattr(runs, "create_trial", create_trial)
    tracker.keep_membership("{}")
    for seed in range(3):
        tracker.changed(record(journal, spec(seed), 0.1).id)
    until(lambda: len(runs.find(kind="trial", status="finished")) == 2)
    parent = runs.parent("small")
    assert parent is not None
    assert runs.membership(parent) == {}
    assert tracker.problem == "refused"
    monkeypatch.setattr(runs, "create_trial", original)


def _record_for_ever(state: Path) -> None:
    """Be a driver whose trials end faster than MLflow can take them."""
    runs, journal = open_runs(state), Journal(state)
    tracker = Tracker(runs, journal, "small", runs.create_parent("small", "?"))
    for seed in count():
        tracker.changed(record(journal, spec(seed), 0.1, 0.2, 0.3).id)
        time.sleep(0.02)


Points = set[tuple[str, str, int, float]]


def _recorded(journal: Journal) -> Points:
    return {
        (trial, name, epoch, value)
        for trial, known in journal.trials.items()
        for epoch, result in known.results.items()
        for name, value in result["metrics"].items()
    }


def _written(state: Path) -> Points:
    """Return the points that a whole database has."""
    with contextlib.closing(sqlite3.connect(state / "mlflow.db")) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return set(
            database.execute(
                "SELECT tags.value, metrics.key, step, metrics.value FROM metrics "
                "JOIN tags ON tags.run_uuid = metrics.run_uuid AND tags.key = 'trial' "
                "WHERE step > 0"
            )
        )


@pytest.mark.slow
def test_a_killed_driver_loses_no_metric(state: Path) -> None:
    driver = multiprocessing.get_context("spawn").Process(target=_record_for_ever, args=(state,))
    driver.start()
    until(lambda: len(_written(state)) > 100, seconds=60)
    driver.kill()
    driver.join()
    runs, journal = open_runs(state), Journal(state)
    behind = _recorded(journal) - _written(state)
    assert behind
    tracker = Tracker(runs, journal, "small", runs.create_parent("small", "?"))
    for trial in journal.trials:
        tracker.changed(trial)
    assert tracker.close("FINISHED", 60)
    journal.close()
    assert _written(state) == _recorded(journal)

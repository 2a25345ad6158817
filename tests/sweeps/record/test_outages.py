"""The tracker while MLflow does not answer, or refuses."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from sweeps.record.journal import Journal
from sweeps.record.mlflow_runs import Runs
from sweeps.record.run_update import CURVES, SPEC
from tests.sweeps.record.mirrored import Start, only_run, points, until
from tests.sweeps.record.small import record, spec


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

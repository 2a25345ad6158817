"""When a trial's time is over."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ray.tune.experiment import Trial

from sweeps.execution import time_limit
from sweeps.execution.time_limit import TimeLimit
from sweeps.record.journal import Journal


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with contextlib.closing(Journal(tmp_path)) as journal:
        yield journal


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Any:
    clock = SimpleNamespace(now=1000.0)
    monkeypatch.setattr(time_limit, "time", SimpleNamespace(monotonic=lambda: clock.now))
    return clock


def trial(name: str = "a") -> Any:
    class Stub(SimpleNamespace):
        __hash__ = object.__hash__  # as Ray's

    return Stub(trial_id=name, status=Trial.RUNNING)


def watch(limit: TimeLimit, clock: Any, seconds: float) -> list[str]:
    """Let time pass, and return the sentences of the trials that are ended."""
    ended = []
    for _ in range(round(seconds * 10)):
        clock.now += 0.1
        for overdue, why in limit.overdue():
            overdue.status = Trial.ERROR
            ended.append(str(why))
    return ended


def epoch(journal: Journal, number: int, seconds: float, name: str = "a") -> None:
    metrics = {"seconds": seconds}
    journal.append("result", name, epoch=number, status="running", metrics=metrics)


def test_an_epoch_that_never_ends_is_ended_once(journal: Journal, clock: Any) -> None:
    limit = TimeLimit(5.0, journal)
    limit.heard(trial())
    assert watch(limit, clock, 4.9) == []
    assert watch(limit, clock, 5.0) == [
        "took longer than --trial-time-limit 5: 0.0 s for 0 epochs and 5.0 s of the next"
    ]


def test_epochs_on_record_count_also_those_of_another_driver(journal: Journal, clock: Any) -> None:
    epoch(journal, 1, 2.0)
    epoch(journal, 2, 1.5)
    limit = TimeLimit(5.0, journal)
    limit.heard(trial())
    assert watch(limit, clock, 1.4) == []
    (why,) = watch(limit, clock, 0.5)
    assert "3.5 s for 2 epochs" in why


def test_each_epoch_counts_as_long_as_it_took(journal: Journal, clock: Any) -> None:
    limit, running = TimeLimit(5.0, journal), trial()
    limit.heard(running)
    for number in range(1, 5):
        assert watch(limit, clock, 1.0) == []
        epoch(journal, number, 0.9)  # validated, saved: what is not on record does not add up
        limit.heard(running)
    epoch(journal, 5, 1.5)
    limit.heard(running)
    assert len(watch(limit, clock, 0.1)) == 1


@pytest.mark.parametrize("status", [Trial.PAUSED, Trial.PENDING, Trial.TERMINATED, Trial.ERROR])
def test_only_time_on_a_worker_counts(journal: Journal, clock: Any, status: str) -> None:
    limit, waiting = TimeLimit(5.0, journal), trial()
    limit.heard(waiting)
    waiting.status = status
    assert watch(limit, clock, 10.0) == []


def test_a_driver_that_stood_still_ends_nothing(journal: Journal, clock: Any) -> None:
    limit = TimeLimit(5.0, journal)
    limit.heard(trial())
    clock.now += 3600.0
    assert watch(limit, clock, 0.1) == []


def test_without_a_limit_nothing_is_overdue(journal: Journal, clock: Any) -> None:
    limit = TimeLimit(None, journal)
    limit.heard(trial())
    assert watch(limit, clock, 100.0) == []

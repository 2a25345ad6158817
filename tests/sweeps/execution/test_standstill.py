"""A run that waits for machines says so, once."""

from types import SimpleNamespace
from typing import Any

import pytest
from ray.tune.experiment import Trial

from sweeps.execution import standstill
from sweeps.execution.standstill import PATIENCE, Standstill


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Any:
    clock = SimpleNamespace(now=1000.0)
    monkeypatch.setattr(standstill, "time", SimpleNamespace(monotonic=lambda: clock.now))
    return clock


def said(watch: Standstill, clock: Any, seconds: float, *statuses: str) -> list[str]:
    """Let time pass with trials of these states, and return what is said."""
    trials: list[Any] = [SimpleNamespace(status=status) for status in statuses]
    sentences = []
    for _ in range(round(seconds)):
        clock.now += 1
        sentences.append(watch.look(trials))
    return [sentence for sentence in sentences if sentence]


def test_it_is_said_once_that_no_node_has_room_and_once_that_one_has(clock: Any) -> None:
    watch = Standstill()
    assert said(watch, clock, PATIENCE - 1, Trial.PENDING) == []
    (sentence,) = said(watch, clock, 600, Trial.PENDING, Trial.PAUSED, Trial.TERMINATED)
    assert "No node has had room for a trial" in sentence
    assert said(watch, clock, 600, Trial.PENDING, Trial.RUNNING) == ["There are workers again."]


def test_as_long_as_anything_trains_there_is_nothing_to_say(clock: Any) -> None:
    watch = Standstill()
    for _ in range(20):
        assert said(watch, clock, PATIENCE - 10, Trial.PENDING) == []
        assert said(watch, clock, 6, Trial.PENDING, Trial.RUNNING) == []

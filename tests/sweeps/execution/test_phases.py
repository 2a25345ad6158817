from types import SimpleNamespace
from typing import Any, cast

import pytest
import ray

from sweeps.execution import phases
from sweeps.execution.phases import run_phases
from sweeps.execution.ray_session import Resources


class Chain:
    """A chain that has ended, and counts how often its recorder was told of a sudden end."""

    def __init__(self) -> None:
        self.done, self.error, self.ends = True, None, 0
        self.phase = self.progress = self.recorder = self

    def stop(self) -> None:
        pass

    def on_experiment_end(self, trials: list[object]) -> None:
        self.ends += 1


def run(monkeypatch: pytest.MonkeyPatch, kills: int) -> tuple[Chain, list[float]]:
    """Run with a budget of 100 s, a clock of 30 s a look, and so many kills for memory."""
    chain, left = Chain(), list[float]()
    clock = iter(range(0, 10_000, 30))
    for name in ("with_parameters", "with_resources"):
        monkeypatch.setattr(phases.tune, name, lambda *_, **__: None)
    monkeypatch.setattr(phases, "time", SimpleNamespace(monotonic=lambda: float(next(clock))))

    def tune(trainable: object, chain: object, slots: int, seconds: float) -> None:
        left.append(seconds)
        if len(left) <= kills:
            raise RuntimeError("a trial") from ray.exceptions.OutOfMemoryError("no memory")

    monkeypatch.setattr(phases, "_tune", tune)
    run_phases(cast(Any, chain), {}, (), Resources(1, 0.0, 1), 100.0)
    return chain, left


def test_after_a_kill_for_memory_the_rest_of_the_time_is_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    chain, left = run(monkeypatch, kills=2)
    assert left == [70.0, 40.0, 10.0]
    assert chain.ends == 2


def test_too_many_kills_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RuntimeError, match="a trial"):
        run(monkeypatch, kills=99)

from typing import Any, cast

import pytest

from sweeps.execution import phases
from sweeps.execution.chain import Interrupted
from sweeps.execution.phases import run_phases
from sweeps.execution.ray_session import Resources


class Chain:
    """A chain that Ray Tune has left, with or without an error."""

    def __init__(self, *, done: bool = True, error: Exception | None = None) -> None:
        self.done, self.error = done, error
        self.phase = self.progress = self
        self.said: list[str] = []

    def stop(self) -> None:
        self.said.append("stopped")

    def conclude(self) -> None:
        self.said.append("concluded")


def run(monkeypatch: pytest.MonkeyPatch, chain: Chain) -> list[float]:
    """Run with a budget of 100 s; return what Ray Tune is given of it."""
    given = list[float]()
    for name in ("with_parameters", "with_resources"):
        monkeypatch.setattr(phases.tune, name, lambda *_, **__: None)
    monkeypatch.setattr(phases, "_tune", lambda *told: given.append(told[-1]))
    run_phases(cast(Any, chain), {}, (), Resources(1, 0.0, 1), 100.0)
    return given


def test_all_phases_are_one_run(monkeypatch: pytest.MonkeyPatch) -> None:
    chain = Chain()
    assert run(monkeypatch, chain) == [100.0]
    assert chain.said == ["stopped"]


def test_what_went_wrong_between_phases_is_told_when_tune_has_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(ValueError, match="no trial"):
        run(monkeypatch, Chain(error=ValueError("no trial")))


def test_a_run_that_tune_was_made_to_end_is_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    chain = Chain(done=False)
    with pytest.raises(Interrupted):
        run(monkeypatch, chain)
    assert chain.said == ["concluded", "stopped"]

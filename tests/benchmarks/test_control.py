"""Control costs: our trial above bare Tune's, from the windows that count."""

from collections.abc import Callable
from functools import partial

import pytest

from benchmarks import control
from benchmarks.harness import Arm, Options, Window
from tests.benchmarks.harness.measured import window


class Made:
    """Stands for `Once`: its sweep runs here, once for each of two windows."""

    def __init__(self, name: str, trials: int, sweep: Callable[[], control.Spent]) -> None:
        self.arm, self.sweep = Arm(name, lambda: trials), sweep

    def kept(self, windows: list[Window]) -> list[control.Spent]:
        return [self.sweep() for _ in windows if _.arm == self.arm.name]


def test_ours_is_compared_with_bare_tune_round_by_round(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = {control.STOCK: 0.9, control.BARE: 0.01, control.OURS: 0.03}
    sweeps = {name: partial(lambda cost, trials: cost * trials, cost)
              for name, cost in seconds.items()}  # fmt: skip
    monkeypatch.setattr(control, "Once", Made)
    monkeypatch.setattr(
        control, "alternate",
        lambda arms, rounds, **_: [window(a.name, n, 1.0) for a in arms for n in range(rounds)],
    )  # fmt: skip
    monkeypatch.setattr(control.tune_control, "as_users_run_it", sweeps[control.STOCK])
    monkeypatch.setattr(control.tune_control, "bare", sweeps[control.BARE])
    monkeypatch.setattr(control, "ours", sweeps[control.OURS])
    cases = {case.name: case for case in control.measure(Options())}
    above = cases["300 trials"].figures[-1]
    assert above.values == pytest.approx((20.0,) * 3)
    assert above.met
    growth, memory = cases["growth from 300 to 3000 trials"].figures
    assert growth.median == pytest.approx(1.0)
    assert memory.median >= 0.0  # all in this process: its peak never falls

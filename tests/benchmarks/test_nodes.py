"""Scaling over nodes: what is counted, and what follows for more of them."""

from collections.abc import Callable
from functools import partial

import pytest

from benchmarks import nodes
from benchmarks.harness import Arm, Options, Window
from benchmarks.harness.once import in_fresh_process
from benchmarks.nodes import LEAST, Load, on_nodes, steady
from tests.benchmarks.harness.measured import window


@pytest.mark.parametrize("slots", [1, 2, 4])
def test_throughput_counts_while_all_slots_are_at_work(slots: int) -> None:
    started, seconds, rounds = 7.0, 3.0, 5
    lags = [0.4 * slot for slot in range(slots)]  # workers start one after another
    ended = sorted(
        started + lag + seconds * trial for lag in lags for trial in range(1, rounds + 1)
    )
    assert steady(ended, slots) == pytest.approx(slots / seconds)


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_nodes_work_as_fast_together_as_each_alone() -> None:
    """With trials that sleep: all nodes are this machine."""
    alone, four = (
        in_fresh_process(partial(on_nodes, nodes, rounds=6, seconds=2.0, short=12)).rate
        for nodes in (1, 4)
    )
    assert 100 * four / (4 * alone) >= LEAST


class Made:
    """Stands for `Once`: a node's trials take 3 s and a fifth more for each further node."""

    def __init__(self, name: str, trials: int, work: Callable[[], Load]) -> None:
        self.arm = Arm(name, lambda: trials)
        (self.nodes, *_) = work.args  # type: ignore[attr-defined]

    def kept(self, windows: list[Window]) -> list[Load]:
        rate = self.nodes / (3.0 * (1 + 0.05 * (self.nodes - 1)))
        load = Load(rate, driver=30.0 + 0.5 * self.nodes, node=300.0)
        return [load for found in windows if found.arm == self.arm.name]


def test_what_follows_from_what_was_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nodes, "Once", Made)
    monkeypatch.setattr(
        nodes, "alternate",
        lambda arms, rounds, **_: [window(a.name, n, 1.0) for a in arms for n in range(rounds)],
    )  # fmt: skip
    few, many, paper = nodes.measure(Options())
    asleep, two, four = few.figures
    assert asleep.median == pytest.approx(100.0)
    assert two.median == pytest.approx(100 / 1.05)
    assert two.met
    assert four.median == pytest.approx(100 / 1.15)
    assert not four.met
    assert [figure.median for figure in many.figures] == [300.0, 46.0]
    growth, minutes, shortest = (figure.median for figure in paper.figures)
    assert growth == pytest.approx(0.5)
    at_200 = 30 + 0.5 * 200  # ms
    assert minutes == pytest.approx(10_000 * at_200 / 60_000)
    assert shortest == pytest.approx(200 * at_200 / 1000)

"""A study that waits for its machines."""

import io
from typing import Any

import pytest
from rich.console import Console

from sweeps.execution import gathering
from sweeps.execution.gathering import gather, room


def node(cpus: float, gpus: float = 0.0, *, alive: bool = True) -> dict[str, Any]:
    return {"Alive": alive, "Resources": {"CPU": cpus, "GPU": gpus, "memory": 1e9}}


def test_a_trial_fits_on_one_node_or_not_at_all() -> None:
    assert room([node(3), node(3)], {"CPU": 2.0}) == 2
    assert room([node(8, 1), node(1, 4)], {"CPU": 1.0, "GPU": 0.5}) == 3
    assert room([node(8, 0)], {"CPU": 1.0, "GPU": 1.0}) == 0
    assert room([node(4, alive=False), node(2)], {"CPU": 1.0, "GPU": 0.0}) == 2


def test_it_asks_for_machines_and_waits_for_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "_PERIOD", 0.0)
    joined = [[node(0)], [node(0)], [node(0), node(4, 1)], [node(0), node(4, 1), node(4, 1)]]
    asked: list[list[dict[str, float]]] = []
    said = io.StringIO()
    state = {"looks": 0}

    def nodes() -> list[dict[str, Any]]:
        state["looks"] += 1
        return joined[min(state["looks"] // 2, 3)]

    bundle = {"CPU": 2.0, "GPU": 1.0}
    gather(2, bundle, Console(file=said, width=200), nodes, asked.append)
    assert asked == [[bundle, bundle], []], "what is idle later must be free to go"
    lines = said.getvalue().splitlines()
    assert lines[0] == (
        "Waiting for machines: 1 have joined, with room for 0 of the 2 trials of --min-concurrent."
    )
    assert "2 have joined, with room for 1 of the 2" in lines[-1]
    assert len(lines) == 2, "the same is not said twice"


def test_who_stops_waiting_wants_no_machines_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(gathering.time, "sleep", interrupted)
    asked: list[list[dict[str, float]]] = []
    with pytest.raises(KeyboardInterrupt):
        gather(1, {"CPU": 1.0}, Console(file=io.StringIO()), lambda: [node(0)], asked.append)
    assert asked == [[{"CPU": 1.0}], []]

"""A study that waits for its machines."""

import io
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from sweeps.execution import gathering, ray_session, runner
from sweeps.execution.gathering import gather, room
from sweeps.execution.options import Options
from sweeps.execution.ray_session import Resources
from sweeps.execution.runner import StudyRun
from sweeps.record.driver import at_work
from sweeps.record.places import resolve_places
from tests.sweeps.record.recorded import STUDY


def node(cpus: float, gpus: float = 0.0, *, alive: bool = True) -> dict[str, Any]:
    return {"Alive": alive, "Resources": {"CPU": cpus, "GPU": gpus, "memory": 1e9}}


def test_a_trial_fits_on_one_node_or_not_at_all() -> None:
    assert room([node(3), node(3)], {"CPU": 2.0}) == 2
    assert room([node(8, 1), node(1, 4)], {"CPU": 1.0, "GPU": 0.5}) == 3
    assert room([node(8, 2)], {"CPU": 1.0, "GPU": 0.6}) == 2, "none has parts of two GPUs"
    assert room([node(8, 0)], {"CPU": 1.0, "GPU": 1.0}) == 0
    assert room([node(4, alive=False), node(2)], {"CPU": 1.0, "GPU": 0.0}) == 2


def waited_for(
    joined: list[list[dict[str, Any]]], trials: int, cpus: float, gpus: float | None
) -> tuple[list[list[dict[str, float]]], list[str]]:
    """Wait while machines join, a list a look; return what was asked for, and what was said."""
    asked: list[list[dict[str, float]]] = []
    said = io.StringIO()
    looks = iter(joined)
    gather(trials, cpus, gpus, Console(file=said, width=200), lambda: next(looks), asked.append)
    assert next(looks, None) is None, "it has not waited for the last"
    return asked, said.getvalue().splitlines()


@pytest.fixture
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "_PERIOD", 0.0)


@pytest.mark.usefixtures("_at_once")
def test_it_asks_for_machines_and_waits_for_the_last() -> None:
    one, two = [node(0), node(4, 1)], [node(0), node(4, 1), node(4, 1)]
    asked, lines = waited_for([[node(0)], [node(0)], one, one, two], 2, 2.0, 1.0)
    bundle = {"CPU": 2.0, "GPU": 1.0}
    assert asked == [[bundle, bundle], []], "what is idle later must be free to go"
    assert lines[0] == (
        "Waiting for machines: 1 have joined, with room for 0 of the 2 trials of --min-concurrent."
    )
    assert "2 have joined, with room for 1 of the 2" in lines[-1]
    assert len(lines) == 2, "the same is not said twice"


@pytest.mark.usefixtures("_at_once")
def test_a_trial_takes_a_gpu_by_default_as_soon_as_there_is_one() -> None:
    host = node(16, 1)
    waited_for([[host], [host, host], [host, host, host]], 3, 1.0, None)
    asked, _ = waited_for([[node(1)], [node(1), host], [node(1), host, host]], 2, 1.0, None)
    assert [request[0]["GPU"] for request in asked[:-1]] == [0.0, 1.0]
    waited_for([[node(1)], [node(1), host]], 17, 1.0, 0.0)
    waited_for([[node(6)]], 6, 1.0, None)


def test_who_stops_waiting_wants_no_machines_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(gathering.time, "sleep", interrupted)
    asked: list[list[dict[str, float]]] = []
    with pytest.raises(KeyboardInterrupt):
        gather(1, 1.0, 0.0, Console(file=io.StringIO()), lambda: [node(0)], asked.append)
    assert asked == [[{"CPU": 1.0, "GPU": 0.0}], []]


def test_a_study_that_waits_is_seen_and_waits_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = resolve_places(str(tmp_path / "runs"))
    options = Options(address="10.0.0.1:6379", min_concurrent=2)
    study = StudyRun(STUDY, (), places, options, Console(file=io.StringIO()))
    seen: list[str] = []

    def look(*_: object) -> None:
        driver = at_work(places.state)
        seen.append(driver.study if driver else "nobody")

    def wait(*_: object) -> None:
        look()
        with pytest.raises(ValueError, match="another driver is at work"):
            study.execute()

    def begin(*_: object) -> None:
        look()
        raise KeyboardInterrupt

    monkeypatch.setattr(ray_session, "connect", look)
    monkeypatch.setattr(ray_session, "gather", wait)
    monkeypatch.setattr(ray_session, "plan_resources", lambda *_: Resources(1, 0.0, 2))
    monkeypatch.setattr(runner, "Runs", begin)
    with pytest.raises(KeyboardInterrupt):
        study.execute()
    assert seen == ["nobody", "small", "small", "small"]
    look()
    assert seen[-1] == "nobody", "a cluster that does not answer is told of before"

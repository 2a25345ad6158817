from collections.abc import Iterator

import pytest

from benchmarks.harness import windows
from benchmarks.harness.load import CpuTimes
from benchmarks.harness.windows import Arm, alternate, rates, ratios
from tests.benchmarks.harness.measured import CASE, window

CORES = windows.os.cpu_count() or 1


class Machine:
    """A machine that others load as told, window by window, in cores."""

    def __init__(self, *foreign: float) -> None:
        self.times = self.measured(foreign)

    @staticmethod
    def measured(foreign: tuple[float, ...]) -> Iterator[CpuTimes]:
        wall = machine = 0.0
        for load in (*foreign, *[0.0] * 100):
            yield CpuTimes(wall, machine, 0.0)
            wall, machine = wall + 1, machine + load
            yield CpuTimes(wall, machine, 0.0)

    def __call__(self) -> CpuTimes:
        return next(self.times)


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    monkeypatch.setattr(windows, "wait_until_idle", lambda: None)
    monkeypatch.setattr(windows, "wait_until_calm", lambda _: None)
    monkeypatch.setattr(windows.Watch, "seconds", 0.0)  # of this real process, in a made-up machine

    def load(*foreign: float) -> None:
        monkeypatch.setattr(windows, "cpu_times", Machine(*foreign))

    load()
    return load


def arms(log: list[str], names: str = "ab") -> list[Arm]:
    def arm(name: str) -> Arm:
        return Arm(name, lambda: log.append(name) or 1.0, lambda: log.append(name.upper()))

    return [arm(name) for name in names]


@pytest.mark.usefixtures("loaded")
def test_arms_take_turns_there_and_back_after_a_warm_up() -> None:
    log: list[str] = []
    found = alternate(arms(log, "abc"), rounds=3)
    assert "".join(log) == "AaBbCc" + "AaBbCc" + "CcBbAa" + "AaBbCc"
    assert [(w.arm, w.round) for w in found[:4]] == [("a", 0), ("b", 0), ("c", 0), ("c", 1)]


def test_a_polluted_window_is_measured_again(loaded) -> None:  # type: ignore[no-untyped-def]
    loaded(0.0, CORES, 0.0)
    log: list[str] = []
    found = alternate(arms(log), rounds=2, warmups=0)
    assert "".join(log) == "AaBbBbBbAa"
    assert [w.discarded for w in found] == [False, True, False, False, False]
    assert len(rates(found, "b")) == 2
    assert not any(w.polluted for w in found if not w.discarded)


def test_patience_ends_and_the_window_is_marked(loaded) -> None:  # type: ignore[no-untyped-def]
    loaded(*[CORES] * 50)
    found = alternate(arms([]), rounds=2, warmups=0, patience=3)
    assert [w.discarded for w in found] == [True, True, False, True, False, False, False]
    assert [len(rates(found, arm)) for arm in "ab"] == [2, 2]
    assert all(w.polluted for w in found)


@pytest.mark.parametrize(("cores", "polluted"), [(0.07 * CORES, False), (0.08 * CORES, True)])
def test_the_limit_is_a_share_of_the_machine(loaded, cores: float, polluted: bool) -> None:  # type: ignore[no-untyped-def]
    loaded(cores)
    (found,) = alternate(arms([], "a"), rounds=1, warmups=0, patience=0)
    assert found.polluted == polluted
    assert found.foreign == pytest.approx(cores)


def test_ratios_are_paired_by_round_whatever_the_order() -> None:
    assert ratios(CASE.windows, "ours", "stock") == [4.0, 6.0]
    drifting = [window("a", 0, 10), window("b", 0, 20), window("b", 1, 40), window("a", 1, 20)]
    assert ratios(drifting, "b", over="a") == [2.0, 2.0]


def test_ratios_need_both_of_every_pair() -> None:
    with pytest.raises(ValueError, match="zip"):
        ratios([window("a", 0, 1), window("b", 0, 1), window("a", 1, 1)], "a", "b")

"""Windows of measurement: arms take turns within one run, and polluted windows are repeated."""

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

from benchmarks.harness.load import (
    Watch,
    cpu_times,
    foreign_cores,
    wait_until_calm,
    wait_until_idle,
)

POLLUTED = 0.075
"""Foreign load, as a share of the machine's cores, from which on a window does not count: 15 % of
one core on two cores."""

_REPEATS = 2  # of one window: the first ones shall not use up all patience


def _nothing() -> None:
    pass


@dataclass(frozen=True)
class Arm:
    """One way of doing the same work.

    ``run`` is timed and returns how much it did (images, trials); ``prepare`` comes before every
    window and is not timed. On a GPU ``run`` must wait for its work to be done.
    """

    name: str
    run: Callable[[], float]
    prepare: Callable[[], None] = _nothing


class Window(BaseModel):
    """One timed stretch of an arm; ``foreign`` in cores, None where it cannot be known."""

    model_config = ConfigDict(frozen=True)

    arm: str
    round: int
    seconds: float
    work: float
    foreign: float | None
    polluted: bool = False
    discarded: bool = False

    @property
    def rate(self) -> float:
        """Work a second."""
        return self.work / self.seconds


def alternate(
    arms: Sequence[Arm], rounds: int, *, warmups: int = 1, patience: int | None = None
) -> list[Window]:
    """Measure every arm once a round, there and back (ABBA), so that a drift hits all alike.

    A polluted window is marked as discarded and measured again when others have come to rest, twice
    at most, and ``patience`` times in all (as many as there are rounds when left out); after that
    it is kept and stays marked.

    Args:
        arms: The arms; each is warmed up before the first round.
        rounds: Windows that are kept of each arm.
        warmups: Windows of each arm that are thrown away first.
        patience: Windows that may be repeated, over all arms.
    """
    for arm in arms:
        for _ in range(warmups):
            arm.prepare()
            arm.run()
    left = rounds if patience is None else patience
    windows: list[Window] = []
    for number in range(rounds):
        for arm in arms if number % 2 == 0 else reversed(arms):
            window = measure(arm, number)
            for _ in range(min(_REPEATS, left)):
                if not window.polluted:
                    break
                left -= 1
                windows.append(window.model_copy(update={"discarded": True}))
                wait_until_calm(_limit())
                window = measure(arm, number)
            windows.append(window)
    return windows


def measure(arm: Arm, number: int = 0) -> Window:
    """Measure one window of an arm, after our own processes have come to rest."""
    wait_until_idle()
    arm.prepare()
    with Watch() as watch:
        before = cpu_times()
        started = time.perf_counter()
        work = arm.run()
        seconds = time.perf_counter() - started
        after = cpu_times()
    foreign = foreign_cores(before, after, watch.seconds) if before and after else None
    return Window(
        arm=arm.name,
        round=number,
        seconds=seconds,
        work=work,
        foreign=foreign,
        polluted=foreign is not None and foreign > _limit(),
    )


def _limit() -> float:
    """Return the foreign load, in cores, that is too much on this machine."""
    return POLLUTED * (os.cpu_count() or 1)


def kept(windows: Sequence[Window], arm: str) -> list[Window]:
    """Return the windows of an arm that count, one a round, in the order of the rounds."""
    return [window for window in windows if window.arm == arm and not window.discarded]


def rates(windows: Sequence[Window], arm: str) -> list[float]:
    """Return the rate of an arm in each round."""
    return [window.rate for window in kept(windows, arm)]


def ratios(windows: Sequence[Window], arm: str, over: str) -> list[float]:
    """Return how many times faster ``arm`` was than ``over``, round by round."""
    pairs = zip(rates(windows, arm), rates(windows, over), strict=True)
    return [first / second for first, second in pairs]

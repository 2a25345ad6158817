"""How long one trial may train."""

import time
from collections.abc import Iterator

from ray.tune.experiment import Trial

from sweeps.execution.faults import TimedOut
from sweeps.record.journal import Journal

_STANDSTILL = 1.0
"""Seconds between two looks that count at most: while the driver stands still, results wait."""


class TimeLimit:
    """Counts the recorded epochs of a trial, whichever driver saw them, and the one at hand.

    Args:
        seconds: For one trial; None for ever.
        journal: Knows how long each epoch took.
    """

    def __init__(self, seconds: float | None, journal: Journal) -> None:
        self.seconds, self._journal = seconds, journal
        self._left: dict[Trial, float] = {}
        self._looked = time.monotonic()

    def heard(self, trial: Trial) -> None:
        """Take notice that a trial begins with an epoch."""
        if self.seconds is not None:
            self._left[trial] = self.seconds - self._recorded(trial)

    def overdue(self) -> Iterator[tuple[Trial, TimedOut]]:
        """Yield the trials on workers whose time is over, each once, and what to say of it."""
        now = time.monotonic()
        passed, self._looked = min(now - self._looked, _STANDSTILL), now
        for trial in list(self._left):
            if trial.status == Trial.RUNNING:  # not one that waits at a rung
                self._left[trial] -= passed
                if self._left[trial] < 0:
                    yield trial, self._sentence(trial)
            if trial.status in (Trial.TERMINATED, Trial.ERROR):
                del self._left[trial]

    def _recorded(self, trial: Trial) -> float:
        results = self._journal[trial.trial_id].results.values()
        return sum(float(result["metrics"].get("seconds", 0.0)) for result in results)

    def _sentence(self, trial: Trial) -> TimedOut:
        assert self.seconds is not None
        recorded, epochs = self._recorded(trial), self._journal[trial.trial_id].epochs
        at_hand = self.seconds - self._left[trial] - recorded
        return TimedOut(
            f"took longer than --trial-time-limit {self.seconds:g}: {recorded:.1f} s for "
            f"{epochs} epochs and {at_hand:.1f} s of the next"
        )

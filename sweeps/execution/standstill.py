"""Says so when all trials wait for a machine: nodes are gone, or others use them."""

import time
from collections.abc import Iterable

from ray.tune.experiment import Trial

PATIENCE = 60.0
"""Seconds without a trial on a worker, after which it is said; a start takes some of them."""
_PERIOD = 5.0
"""Seconds between two looks: a run may have thousands of trials to look through."""


class Standstill:
    """Watches whether anything is on a worker."""

    def __init__(self) -> None:
        self._moved = self._looked = time.monotonic()
        self._said = False

    def look(self, trials: Iterable[Trial]) -> str:
        """Return what there is to say now: mostly nothing."""
        now = time.monotonic()
        if now - self._looked < _PERIOD:
            return ""
        self._looked = now
        if any(trial.status == Trial.RUNNING for trial in trials):
            self._moved = now
            said, self._said = self._said, False
            return "There are workers again." if said else ""
        if self._said or now - self._moved < PATIENCE:
            return ""
        self._said = True
        return (
            f"No node has had room for a trial for {PATIENCE:.0f} s. This goes on when one joins "
            "or has room; Ctrl-C ends it, and the same command goes on."
        )

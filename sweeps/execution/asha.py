"""ASHA whose rungs are rebuilt from recorded histories."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from ray.tune.schedulers import AsyncHyperBandScheduler

from search_spaces.search import Search
from sweeps.execution.lean_tune import LeanScheduler
from sweeps.record.journal import TrialRecord


class _Recorded(NamedTuple):
    """All that a rung wants to know of a trial."""

    trial_id: str


class Asha(LeanScheduler, AsyncHyperBandScheduler):
    """Asynchronous successive halving (Li et al., 2020) over epochs, with one bracket.

    A rung holds the metric of every trial that reached it; a trial that is not among the best
    1/reduction_factor there stops. Rungs do not depend on the order in which trials arrived, so
    feeding recorded histories restores them.
    """

    def __init__(
        self, search: Search, epochs: int, metric: str, *, higher_is_better: bool,
        histories: Iterable[TrialRecord] = (),
    ) -> None:  # fmt: skip
        AsyncHyperBandScheduler.__init__(
            self,
            time_attr="epoch",
            metric=f"metrics/{metric}",
            mode="max" if higher_is_better else "min",
            max_t=max(epochs, search.grace_period),
            grace_period=search.grace_period,
            reduction_factor=search.reduction_factor,
            brackets=1,
        )
        bracket = self._brackets[0]
        for record in histories:
            for epoch, result in sorted(record.results.items()):
                value = result["metrics"].get(metric)
                if value is not None:
                    stub: Any = _Recorded(record.trial)
                    bracket.on_result(stub, epoch, self._metric_op * value)

    def rungs(self) -> dict[int, dict[str, float]]:
        """Return the metric of each trial at each rung, in the metric's own direction."""
        return {
            int(milestone): {trial: self._metric_op * value for trial, value in recorded.items()}
            for milestone, recorded in reversed(self._brackets[0]._rungs)
        }

"""Are two means equal within a margin? Two one-sided tests, and how many runs they need."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count

import numpy as np
from scipy import stats

ALPHA = 0.05
POWER = 0.9


@dataclass(frozen=True)
class Equivalence:
    """The difference of two means, in the units of the values.

    Attributes:
        difference: Mean of the first minus mean of the second.
        low: Lower end of its interval at 1 - 2 alpha (Welch).
        high: Upper end of it.
        p: The larger p-value of the two one-sided tests.
        alpha: What ``p`` is held against.
    """

    difference: float
    low: float
    high: float
    p: float
    alpha: float

    @property
    def shown(self) -> bool:
        """Whether the means are equal within the margin, at ``alpha``."""
        return self.p < self.alpha


def equivalence(
    first: Sequence[float], second: Sequence[float], margin: float, alpha: float = ALPHA
) -> Equivalence:
    """Test that two means differ by less than ``margin``; at least two values each.

    Source: Schuirmann 1987, J. Pharmacokinet. Biopharm. 15, 657; variances are not pooled.
    """
    below = stats.ttest_ind(np.add(first, margin), second, equal_var=False, alternative="greater")
    above = stats.ttest_ind(np.subtract(first, margin), second, equal_var=False, alternative="less")
    interval = stats.ttest_ind(first, second, equal_var=False).confidence_interval(1 - 2 * alpha)
    return Equivalence(
        difference=float(np.mean(first) - np.mean(second)),
        low=float(interval.low),
        high=float(interval.high),
        p=float(max(below.pvalue, above.pvalue)),
        alpha=alpha,
    )


def runs_needed(deviation: float, margin: float) -> int:
    """Return the runs on each side with which equal means are shown to be so in 9 of 10 cases.

    Args:
        deviation: Standard deviation of a run.
        margin: Largest difference that counts as equal.
    """
    for runs in count(2):
        freedom = 2 * (runs - 1)
        quantiles = float(np.sum(stats.t.ppf([1 - ALPHA, (1 + POWER) / 2], freedom)))
        if runs >= 2 * (quantiles * deviation / margin) ** 2:
            break
    return runs


def pooled_deviation(*groups: Sequence[float]) -> float:
    """Return the standard deviation inside groups of at least two values each."""
    squares = sum(np.var(group, ddof=1) * (len(group) - 1) for group in groups)
    return float(np.sqrt(squares / sum(len(group) - 1 for group in groups)))

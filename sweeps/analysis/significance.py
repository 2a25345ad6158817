"""Is a difference real? Comparisons paired by seed, and their correction for being many.

Two variants that share a seed share initialisation, order and augmentation, so the difference of
one seed's pair is the observation. Numbers come from scipy and statsmodels; what is ours is only
saying nothing (NaN) where there is nothing to say.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats
from statsmodels.stats.multitest import multipletests

CONFIDENCE = 0.95
ALPHA = 0.05


@dataclass(frozen=True)
class Comparison:
    """A level against the baseline, paired by seed, in the units of the values.

    Attributes:
        pairs: seeds that both sides have.
        difference: mean of level minus baseline over the pairs; NaN without a pair.
        low: lower end of the 95 % t interval; NaN where variance cannot be estimated.
        high: upper end of it.
        p: two-sided p-value of the paired t test, not adjusted; NaN like the interval.
    """

    pairs: int
    difference: float
    low: float = math.nan
    high: float = math.nan
    p: float = math.nan


def compare(level: "pd.Series[float]", baseline: "pd.Series[float]") -> Comparison:
    """Compare two series of values indexed by seed; seeds with a hole on either side are dropped.

    The interval and the p-value are NaN for fewer than two pairs, and where every pair differs by
    the same amount: without spread a t test would claim certainty (p = 0) from a coincidence.

    Raises:
        ValueError: a seed occurs twice on one side.
    """
    for series in (level, baseline):
        if not series.index.is_unique:
            raise ValueError("a seed occurs twice in one variant: keep one trial a seed")
    both = pd.concat([level, baseline], axis=1, join="inner").dropna()
    first, second = both.to_numpy(dtype=float).T
    differences = first - second
    if differences.size == 0:
        return Comparison(0, math.nan)
    mean = float(differences.mean())
    if differences.size < 2 or np.allclose(differences, mean, rtol=1e-9, atol=1e-12):
        return Comparison(differences.size, mean)
    test = stats.ttest_rel(first, second)
    low, high = test.confidence_interval(CONFIDENCE)
    return Comparison(differences.size, mean, float(low), float(high), float(test.pvalue))


def holm(p_values: Sequence[float]) -> NDArray[np.float64]:
    """Adjust p-values by Holm's method over the whole family, holes included.

    A comparison that gave no p-value (NaN) was planned all the same: it counts in the size of the
    family as p = 1, so that a diverged or missing arm never makes the others look better.

    Returns:
        Adjusted p-values in the order given, NaN where NaN was given.
    """
    p = np.asarray(p_values, dtype=np.float64)
    if p.size == 0:
        return p
    adjusted = multipletests(np.where(np.isnan(p), 1.0, p), method="holm")[1]
    return np.where(np.isnan(p), np.nan, adjusted)

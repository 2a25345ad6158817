"""Is a difference real? Comparisons paired by seed, and their correction for being many.

Two variants that share a seed share initialisation, order and augmentation, so the difference of
one seed's pair is the observation. Numbers come from scipy and statsmodels; what is ours is only
saying nothing (NaN) where there is nothing to say. Arrays are of shape (..., seeds).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats
from statsmodels.stats.multitest import multipletests

from sweeps.analysis.garbage import spared

CONFIDENCE = 0.95
ALPHA = 0.05
MOST_ENUMERATED = 16
"""Seeds up to which all assignments of signs are tried; of more, `DRAWN` random ones are."""
DRAWN = 99_999

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Comparison:
    """A level against the baseline, paired by seed, in the units of the values.

    All but the first two are NaN where variance cannot be estimated.

    Attributes:
        pairs: seeds that both sides have.
        difference: mean of level minus baseline over the pairs; NaN without a pair.
        low: lower end of the 95 % t interval.
        high: upper end of it.
        p: two-sided p-value of the paired t test, not adjusted.
        sd: standard deviation of the pairs' differences.
        effect: difference / sd, with Hedges' correction; NaN for two pairs, too.
        p_flip: two-sided p-value of the sign-flip test, not adjusted.
        p_equal: p-value of two one-sided t tests at the margin; NaN without one.
    """

    pairs: int
    difference: float
    low: float = math.nan
    high: float = math.nan
    p: float = math.nan
    sd: float = math.nan
    effect: float = math.nan
    p_flip: float = math.nan
    p_equal: float = math.nan


def compare(
    level: "pd.Series[float]",
    baseline: "pd.Series[float]",
    *,
    margin: float | None = None,
    confidence: float = CONFIDENCE,
) -> Comparison:
    """Compare two series of values indexed by seed; seeds with a hole on either side are dropped.

    There is no more than a difference for fewer than two pairs, and where every pair differs by
    the same amount: without spread a t test would claim certainty (p = 0) from a coincidence.

    Args:
        level: values of the level.
        baseline: values of the baseline.
        margin: the largest difference that is still called equal.
        confidence: of the interval.

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
    if differences.size < 2 or without_spread(differences):
        return Comparison(differences.size, mean)
    found = paired_t(first, second, confidence)
    return Comparison(
        pairs=differences.size,
        difference=mean,
        low=float(found.low),
        high=float(found.high),
        p=float(found.p),
        sd=float(differences.std(ddof=1)),
        effect=float(effect_size(differences)),
        p_flip=float(sign_flip(differences)),
        p_equal=math.nan if margin is None else float(equivalence(differences, margin)),
    )


def without_spread(values: Numbers) -> bool:
    """Whether values are equal but for rounding, so that nothing is known of their variance."""
    return bool(np.allclose(values, values.mean(), rtol=1e-9, atol=1e-12))


class PairedT(NamedTuple):
    """Ends of the t interval of the mean difference, and the paired t test's p-value."""

    low: Numbers
    high: Numbers
    p: Numbers


def paired_t(level: Numbers, baseline: Numbers, confidence: float = CONFIDENCE) -> PairedT:
    """Compare paired values by the t test, which takes their differences to be normal.

    Source: Student 1908, "The probable error of a mean", section 9.
    """
    test = stats.ttest_rel(level, baseline, axis=-1)
    low, high = test.confidence_interval(confidence)
    return PairedT(np.asarray(low), np.asarray(high), np.asarray(test.pvalue))


def sign_flip(differences: Numbers) -> Numbers:
    """Return the p-values of the sign-flip test of the mean, which takes symmetry, not normality.

    Source: Fisher 1935, The Design of Experiments, section 21.
    """
    exact = differences.shape[-1] <= MOST_ENUMERATED
    test: Any = stats.permutation_test(  # type: ignore[call-overload]
        (differences,),
        _mean,
        permutation_type="samples",
        n_resamples=np.inf if exact else DRAWN,
        batch=2048 if differences.ndim == 1 else 16,
        vectorized=True,
        axis=-1,
        rng=np.random.default_rng(0),
    )
    return np.asarray(test.pvalue)


@cache
def least_sign_flip(pairs: int) -> float:
    """Return the smallest p-value that the sign-flip test can give for so many pairs."""
    return float(sign_flip(np.ones(pairs)))


def effect_size(differences: Numbers) -> Numbers:
    """Return the standardised mean difference of pairs, corrected for its bias at few pairs.

    The bias is that of the mean of the noncentral t distribution, which two pairs do not have.

    Source: Hedges 1981, "Distribution theory for Glass's estimator of effect size", equation 6e.
    """
    freedom = differences.shape[-1] - 1
    if freedom < 2:
        return np.full(differences.shape[:-1], math.nan)
    standardised = differences.mean(-1) / differences.std(-1, ddof=1)
    return np.asarray(standardised / stats.nct.mean(freedom, 1.0))


def equivalence(differences: Numbers, margin: float) -> Numbers:
    """Return the larger p-value of two one-sided t tests: above -margin, and below +margin.

    Source: Schuirmann 1987, "A comparison of the two one-sided tests procedure and the power
    approach", section 2.
    """
    above = stats.ttest_1samp(differences, -margin, axis=-1, alternative="greater")
    below = stats.ttest_1samp(differences, margin, axis=-1, alternative="less")
    return np.maximum(above.pvalue, below.pvalue)


def holm(p_values: Sequence[float]) -> Numbers:
    """Adjust p-values by Holm's method over the whole family, holes included.

    A comparison that gave no p-value (NaN) was planned all the same: it counts in the size of the
    family as p = 1, so that a diverged or missing arm never makes the others look better.

    Returns:
        Adjusted p-values in the order given, NaN where NaN was given.

    Source: Holm 1979, "A simple sequentially rejective multiple test procedure".
    """
    p = np.asarray(p_values, dtype=np.float64)
    if np.isnan(p).all():
        return p
    with spared():  # statsmodels collects garbage first
        adjusted = multipletests(np.where(np.isnan(p), 1.0, p), method="holm")[1]
    return np.where(np.isnan(p), np.nan, adjusted)


def _mean(differences: Numbers, axis: int) -> Numbers:
    return np.asarray(differences.mean(axis))

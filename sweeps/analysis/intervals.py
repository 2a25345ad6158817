"""How well is a level's mean known? Its 95 % interval over seeds."""

import math
from typing import Any

import numpy as np
from scipy import stats

from sweeps.analysis.significance import CONFIDENCE, Numbers, without_spread

FEWEST_RESAMPLED = 20
"""Values from which the interval is BCa. With fewer it is far too short; of 20 to 40 normal ones it
still covers 93 to 94 % (docs/statistics.md)."""
RESAMPLES = 9_999


def mean_interval(values: Numbers) -> tuple[float, float]:
    """Return the ends of the interval of the mean of the values of one level.

    NaN for fewer than two values, with a hole among them, and for equal ones.
    """
    if values.size < 2 or np.isnan(values).any() or without_spread(values):
        return math.nan, math.nan
    low, high = mean_intervals(values)
    return float(low), float(high)


def mean_intervals(values: Numbers) -> tuple[Numbers, Numbers]:
    """Return the ends of the intervals of the means over the last axis, equal calls alike.

    Source: Efron 1987, "Better bootstrap confidence intervals", section 2, from 20 values on.
    """
    if values.shape[-1] < FEWEST_RESAMPLED:
        low, high = stats.ttest_1samp(values, 0.0, axis=-1).confidence_interval(CONFIDENCE)
        return np.asarray(low), np.asarray(high)
    found: Any = stats.bootstrap(
        (values,),
        np.mean,
        axis=-1,
        confidence_level=CONFIDENCE,
        n_resamples=RESAMPLES,
        batch=100,
        method="BCa",
        rng=np.random.default_rng(0),
    ).confidence_interval
    return found.low, found.high

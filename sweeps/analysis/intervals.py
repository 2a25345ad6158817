"""How well is a level's mean known? Its interval over seeds, of 95 % where one looks once."""

import math

import numpy as np
from scipy import stats

from sweeps.analysis.significance import CONFIDENCE, Numbers, without_spread


def mean_interval(values: Numbers, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Return the ends of the interval of the mean of the values of one level.

    NaN for fewer than two values, with a hole among them, and for equal ones.
    """
    if values.size < 2 or np.isnan(values).any() or without_spread(values):
        return math.nan, math.nan
    low, high = mean_intervals(values, confidence)
    return float(low), float(high)


def mean_intervals(values: Numbers, confidence: float = CONFIDENCE) -> tuple[Numbers, Numbers]:
    """Return the ends of the intervals of the means over the last axis.

    Source: Student 1908, "The probable error of a mean", section 9.
    """
    low, high = stats.ttest_1samp(values, 0.0, axis=-1).confidence_interval(confidence)
    return np.asarray(low), np.asarray(high)

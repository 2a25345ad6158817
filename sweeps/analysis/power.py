"""What so many seeds can show, and how many would show a given difference.

Both are of one paired t test at level 0.05, not adjusted for others, with the spread that the
differences of the seeds have; a spread of few seeds is itself not known well.

Source: statsmodels' `TTestPower`; Cohen 1988, Statistical Power Analysis, chapter 2.
"""

import bisect
import math
from functools import cache

import pandas as pd
from statsmodels.stats.power import TTestPower

from sweeps.analysis.sequential import Looks, nominal_levels
from sweeps.analysis.significance import ALPHA

POWER = 0.8
MOST_SEEDS = 9_999
"""Needs above it are not told apart."""


def add_power(frame: pd.DataFrame, margin: float | None, looks: Looks = ()) -> None:
    """Add to ``Table.frame`` the columns ``detectable`` and ``seeds_for_margin``.

    Args:
        frame: with ``pairs`` and ``paired_sd``.
        margin: the difference to be found, in the units of the values.
        looks: seeds at each look of a sequential study: what its last look finds, at its level.
    """
    spreads = zip(frame["paired_sd"], frame["pairs"], strict=True)
    alpha = nominal_levels(looks)[-1] if looks else ALPHA
    frame["detectable"] = [
        detectable(sd, looks[-1] if looks else pairs, alpha) for sd, pairs in spreads
    ]
    needed = [math.nan if margin is None else seeds_for(margin, sd) for sd in frame["paired_sd"]]
    frame["seeds_for_margin"] = pd.array(needed, dtype="Float64").astype("Int64")


def detectable(sd: float, pairs: int, alpha: float = ALPHA) -> float:
    """Return the difference that is found with a probability of 80 %; NaN without a spread.

    Args:
        sd: standard deviation of the pairs' differences.
        pairs: how many there are.
        alpha: level of the test.
    """
    if math.isnan(sd) or pairs < 2:
        return math.nan
    return sd * _least_effect(pairs, alpha)


def seeds_for(difference: float, sd: float) -> float:
    """Return how many seeds find a difference with a probability of 80 %; NaN without a spread.

    At least 2, which a t test needs, at most `MOST_SEEDS`.
    """
    if math.isnan(sd):
        return math.nan
    seeds = range(2, MOST_SEEDS)
    effect = difference / sd
    return seeds.start + bisect.bisect_left(seeds, POWER, key=lambda n: power(effect, n))


def power(effect: float, pairs: int, alpha: float = ALPHA) -> float:
    """Return the probability that the paired t test finds a standardised difference."""
    found = float(TTestPower().power(effect, pairs, alpha))
    if math.isnan(found):  # scipy has no such small probability of the wrong direction
        return float(TTestPower().power(effect, pairs, alpha / 2, alternative="larger"))
    return found


@cache
def _least_effect(pairs: int, alpha: float) -> float:
    return float(TTestPower().solve_power(nobs=pairs, alpha=alpha, power=POWER))

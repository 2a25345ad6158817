"""Looking at a study several times while it runs, without being wrong more often than said.

How much of the level each look may spend is fixed beforehand, as a function of the share of all
seeds that are there by then. From it follows the level of a test at each look; and from that,
turned round, a p-value that holds wherever one stops: the smallest level at which the look would
have found something. Holm's method over such p-values is the group sequential Holm procedure.
Levels are those of normal statistics, applied to the p-values of t tests.

Source: Lan and DeMets 1983, "Discrete sequential boundaries for clinical trials"; Liu and Anderson
2008, "On adaptive extensions of group sequential trials"; Maurer and Bretz 2013, "Multiple testing
in group sequential trials using graphical approaches"; Jennison and Turnbull 1999, Group Sequential
Methods, section 3.8 (levels for t tests) and chapter 9 (repeated confidence intervals).
"""

import math
from dataclasses import replace
from functools import cache
from itertools import pairwise

import numpy as np
import pandas as pd
from scipy.interpolate import CubicSpline
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

from sweeps.analysis import guards
from sweeps.analysis.significance import ALPHA, Comparison, Numbers, compare, holm

Looks = tuple[int, ...]
"""Seeds at each look, increasing; the last is the most that there are."""

_FAR = 9.0
"""Standard deviations beyond which nothing is integrated."""
_POINTS, _WEIGHTS = np.polynomial.legendre.leggauss(96)
_QUANTILES = {1: np.linspace(-3.0, 6.2, 80), 2: np.linspace(0.002, 6.2, 60)}
"""Normal quantiles of the levels that are tabulated, by sides of the test: from 1 down to 6e-10."""


def nominal_levels(looks: Looks, alpha: float = ALPHA, sides: int = 2) -> tuple[float, ...]:
    """Return the level of the test at each look, with which all looks together keep ``alpha``.

    Args:
        looks: seeds at each, no two closer than a tenth of the last; statistics of two looks are
            correlated by sqrt(fewer / more).
        alpha: of all looks together, spent as the test of O'Brien and Fleming does.
        sides: 2, or 1 for a test in one direction.

    Source: Lan and DeMets 1983, function alpha*_1; Armitage, McPherson and Rowe 1969, "Repeated
        significance tests on accumulating data": integration from look to look.
    """
    share = np.array([0, *looks]) / looks[-1]
    spent = 2 * ndtr(ndtri(alpha / sides / 2) / np.sqrt(share[1:]))
    steps = sides * np.diff(spent, prepend=0.0)
    nodes, mass, levels = np.zeros(1), np.ones(1), []
    for (before, now), step in zip(pairwise(share.tolist()), steps.tolist(), strict=True):
        sd = math.sqrt(now - before)
        bound = _bound(step, now, nodes, mass, sd, sides)
        levels.append(float(sides * ndtr(-bound / math.sqrt(now))))
        nodes, mass = _within(bound, now, nodes, mass, sd, sides)
    return tuple(levels)


def _bound(
    step: float, share: float, nodes: Numbers, mass: Numbers, sd: float, sides: int
) -> float:
    """Return the bound that is crossed for the first time at this look, with probability ``step``.

    Args:
        step: what the look spends.
        share: of the seeds: variance of the sum so far.
        nodes: sums at the look before.
        mass: probability of each without a crossing.
        sd: of what has been added since.
        sides: of the test.
    """

    def excess(bound: float) -> float:
        beyond = ndtr((nodes - bound) / sd)
        if sides == 2:
            beyond = beyond + ndtr((-nodes - bound) / sd)
        return float(mass @ beyond) / step - 1

    widest = -float(ndtri(step / sides)) * math.sqrt(share)  # were there no look before
    if len(nodes) == 1:
        return widest
    return float(brentq(excess, 0.0 if sides == 2 else -_FAR, widest + 1e-9, xtol=1e-12))


def _within(
    bound: float, share: float, nodes: Numbers, mass: Numbers, sd: float, sides: int
) -> tuple[Numbers, Numbers]:
    """Return sums that have not crossed the bound of a look, and the probability of each."""
    far = _FAR * math.sqrt(share)
    high = min(bound, far)
    low = -high if sides == 2 else -far
    sums = low + (high - low) * (_POINTS + 1) / 2
    away = (sums[:, np.newaxis] - nodes) / sd
    density = np.exp(-(away**2) / 2) @ mass / (sd * math.sqrt(2 * math.pi))
    return sums, density * _WEIGHTS * (high - low) / 2


@cache
def _smallest_level(looks: Looks, sides: int) -> tuple[CubicSpline, ...]:
    """Return, for each look, the quantile of all looks' level as a function of its own level's."""
    quantiles = _QUANTILES[sides]
    levels = np.array([nominal_levels(looks, sides * ndtr(-q), sides) for q in quantiles])
    return tuple(CubicSpline(-ndtri(of_look / sides), quantiles) for of_look in levels.T)


def stopped_p(p: Numbers, seeds: int, looks: Looks, sides: int = 2) -> Numbers:
    """Return p-values that hold wherever one stops, from those of a look alone.

    None is below 6e-10. NaN stays NaN.

    Args:
        p: p-values of the look.
        seeds: how many the look has: one of ``looks``.
        looks: all that were planned.
        sides: of the test.

    Source: Liu and Anderson 2008, sequential p-value, of the look at which one stops.
    """
    level = _smallest_level(looks, sides)[looks.index(seeds)]
    quantile = np.clip(-ndtri(np.asarray(p) / sides), level.x[0], level.x[-1])
    return np.asarray(sides * ndtr(-level(quantile)))


def confidence(seeds: int, looks: Looks) -> float:
    """Return the level of an interval at a look, with which those of all looks cover 95 %.

    Source: Jennison and Turnbull 1989, "Interim analyses: the repeated confidence interval
        approach".
    """
    return 1 - nominal_levels(looks)[looks.index(seeds)]


def compare_at_look(
    level: "pd.Series[float]",
    baseline: "pd.Series[float]",
    seeds: int,
    looks: Looks,
    *,
    margin: float | None = None,
) -> Comparison:
    """Compare as `compare` does, at the look that a level is at: all of it holds over all looks.

    There is no sign-flip test, which is for one look alone. Without all of the look's pairs there
    is no more than a difference, though there be as many as an earlier look has: that a level lost
    some may say something of the others.

    Args:
        level: values by seed.
        baseline: those of the baseline.
        seeds: how many the level was to have by now (`seeds_of`).
        looks: seeds at each.
        margin: the largest difference that is called equal, in the units of the values.
    """
    found = compare(level, baseline, margin=margin)
    if found.pairs != seeds:
        return Comparison(found.pairs, found.difference)
    sure = compare(level, baseline, confidence=confidence(seeds, looks))
    return replace(
        found,
        low=sure.low,
        high=sure.high,
        p=float(stopped_p(np.array(found.p), seeds, looks)),
        p_flip=math.nan,
        p_equal=float(stopped_p(np.array(found.p_equal), seeds, looks, sides=1)),
    )


def seeds_of(cells: pd.DataFrame, looks: Looks) -> int:
    """Return how many seeds a level was to have by now: those of the look that it is at."""
    return min(seeds for seeds in looks if seeds >= cells["seed"].nunique())


def going_on(
    cells: pd.DataFrame, column: str, looks: Looks, margin: float | None = None
) -> set[tuple[str, str]]:
    """Return the levels that get the seeds of another look, by factor and level.

    A level is done when it is told from the baseline, or found equal to it within the margin, each
    after Holm over the comparisons of the study; when it is at the last look; and when it lacks a
    seed, since it can have no p-value any more. A baseline goes on with any level of its factor.

    Args:
        cells: rows of the ablation: ``factor``, ``level``, ``baseline``, ``seed``, ``status`` and
            the column.
        column: what is compared.
        looks: seeds at each.
        margin: the largest difference that is called equal, in the units of the column.
    """
    levels, found = [], []
    baselines = {}
    for factor, rows in cells.groupby("factor", sort=False):
        reference = _values(rows[rows["baseline"].astype(bool)], column)
        for level, of_level in rows.groupby("level", sort=False):
            if of_level["baseline"].any():
                baselines[str(factor)] = str(level)
                continue
            values, seeds = _values(of_level, column), seeds_of(of_level, looks)
            compared = compare_at_look(values, reference, seeds, looks, margin=margin)
            whole = compared.pairs == seeds < looks[-1]
            levels.append((str(factor), str(level), whole))
            found.append(compared)
    sure = holm([one.p for one in found]) < ALPHA
    equal = holm([one.p_equal for one in found]) < ALPHA
    left = {
        (factor, level)
        for (factor, level, whole), decided in zip(levels, sure | equal, strict=True)
        if whole and not decided
    }
    return left | {(factor, baselines[factor]) for factor, _ in left}


def _values(cells: pd.DataFrame, column: str) -> "pd.Series[float]":
    return guards.finished(cells).set_index("seed")[column]

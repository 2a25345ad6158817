"""What the tables' methods promise, each as a rate that simulated studies can give.

The methods are those of the tables, by the same functions.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sweeps.analysis.divergence import divergence_p
from sweeps.analysis.intervals import mean_intervals
from sweeps.analysis.ranking import best_levels
from sweeps.analysis.significance import (
    ALPHA,
    Numbers,
    equivalence,
    holm,
    paired_t,
    sign_flip,
)
from sweeps.analysis.simulation.sequences import (
    any_is_found_at_a_look,
    edge_is_called_equal_at_a_look,
    repeated_interval_misses,
)
from sweeps.analysis.two_way import CROSS, Crossed, effects

Happened = NDArray[np.bool_]
LEVELS = 4
DIVERGED = 0.94
"""One trial in five is above it, when chance is normal."""
AT_MOST = (8, 12, 20, 40)
"""Seeds at the last look."""
GRID = Crossed("a", "b", ("0", "1"), ("0", "1", "2"))


@dataclass(frozen=True)
class Promise:
    """One property of a method.

    Attributes:
        title: what is counted.
        happens: tells of values of shape (studies, levels, seeds) in which studies it happens.
        nominal: the rate that is promised.
        at_most: the rate may be lower.
        worlds: names of those in which it is promised; in others it is only shown.
        levels: of each study, with the baseline.
        elsewhere: it is tried in the other worlds, too.
        seeds: numbers of them that are tried.
        share: of the studies that are tried.
    """

    title: str
    happens: Callable[[Numbers], Happened]
    nominal: float = ALPHA
    at_most: bool = True
    worlds: tuple[str, ...] = ("normal", "heteroscedastic")
    levels: int = LEVELS
    elsewhere: bool = True
    seeds: tuple[int, ...] = (3, 5, 10, 20)
    share: float = 1.0


def mean_is_covered(values: Numbers) -> Happened:
    """Whether the interval of the last level's mean covers the truth."""
    low, high = mean_intervals(values[:, -1])
    return (low <= 0) & (high >= 0)


def difference_is_covered(values: Numbers) -> Happened:
    """Whether the paired interval of the last level's difference covers the truth."""
    found = paired_t(values[:, -1], values[:, 0])
    return (found.low <= 0) & (found.high >= 0)


def any_is_found(values: Numbers) -> Happened:
    """Whether any comparison with the baseline is significant after Holm."""
    p = paired_t(values[:, 1:], values[:, :1]).p
    return np.array([(holm(study) < ALPHA).any() for study in p.tolist()])


def any_is_left_out(values: Numbers) -> Happened:
    """Whether any level, all being equally good, is not among the best."""
    found = (best_levels([study], higher_is_better=True) for study in values)
    return np.array([not all(best) for (best,) in found])


def sign_flip_finds(values: Numbers) -> Happened:
    """Whether the sign-flip test of the last level is significant."""
    return sign_flip(values[:, -1] - values[:, 0]) < ALPHA


def edge_is_called_equal(values: Numbers) -> Happened:
    """Whether a level that lies just at the margin is called equal; the margin is two of the sd."""
    differences = values[:, -1] - values[:, 0]
    margin = 2 * float(differences.std())
    return equivalence(differences + margin, margin) < ALPHA


def divergence_is_found(values: Numbers) -> Happened:
    """Whether two levels, of which trials above a value are said to diverge, are told apart."""
    diverged = values > DIVERGED
    seeds = values.shape[-1]
    rates = diverged[:, [0, -1]].sum(-1).tolist()
    return np.array([_fisher(one, other, seeds) < ALPHA for one, other in rates])


@cache
def _fisher(one: int, other: int, seeds: int) -> float:
    return divergence_p(one, seeds, other, seeds)


def interaction_is_found(values: Numbers) -> Happened:
    """Whether the F test sees an interaction in a grid of two by three."""
    return np.array([_interaction(study.tobytes())[0] < ALPHA for study in values])


def bound_finds_interaction(values: Numbers) -> Happened:
    """Whether even the bound of its p-value is significant."""
    return np.array([_interaction(study.tobytes())[1] < ALPHA for study in values])


@cache
def _interaction(study: bytes) -> tuple[float, float]:
    """Return the p-value of the interaction in one study, and its bound."""
    cells = [(row, column) for row in GRID.row_levels for column in GRID.column_levels]
    values = np.frombuffer(study)
    seeds = range(values.size // len(cells))
    frame = pd.DataFrame(
        [(row, column, f"{row}{CROSS}{column}", seed) for row, column in cells for seed in seeds],
        columns=["row", "column", "level", "seed"],
    ).assign(value=values)
    found = effects(frame, GRID)[-1]
    return found.p, found.p_bound


PROMISES = (
    Promise(
        "95 % interval of a mean covers it",
        mean_is_covered,
        0.95,
        False,
        seeds=(3, 5, 10, 20, 40),
    ),
    Promise("95 % interval of a paired difference covers it", difference_is_covered, 0.95, False),
    Promise("any of 3 comparisons is significant after Holm, though none is real", any_is_found),
    Promise("any of 4 equal levels is not marked as best", any_is_left_out),
    Promise(
        "sign-flip test is significant, though there is no difference",
        sign_flip_finds,
        worlds=("normal", "heteroscedastic", "skewed"),
        seeds=(3, 5, 10),
    ),
    Promise("a level just at the margin is called equal", edge_is_called_equal),
    Promise(
        "two levels, of which one trial in five diverges, are told apart (Fisher's test)",
        divergence_is_found,
        worlds=("normal",),
        elsewhere=False,
    ),
    Promise(
        "interaction of two factors is significant, though there is none (F test)",
        interaction_is_found,
        worlds=("normal",),
        levels=6,
        share=0.25,
    ),
    Promise(
        "the same, by the bound that takes no equal variances",
        bound_finds_interaction,
        levels=6,
        share=0.25,
    ),
    Promise(
        "sequential seeds: any of 3 comparisons is significant at any of 4 looks, though none is "
        "real",
        any_is_found_at_a_look,
        seeds=AT_MOST,
    ),
    Promise(
        "sequential seeds: a repeated interval does not cover, where its comparison ended",
        repeated_interval_misses,
        seeds=AT_MOST,
    ),
    Promise(
        "sequential seeds: a level at the edge of the margin is called equal at any of 4 looks",
        edge_is_called_equal_at_a_look,
        seeds=AT_MOST,
    ),
)

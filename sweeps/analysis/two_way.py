"""Two factors crossed: the grid of their means, and whether they interact."""

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from sweeps.analysis import guards
from sweeps.analysis.significance import Numbers, without_spread

CROSS = " x "
"""Stands between the names of two factors, and of their levels (`search_spaces.designs`)."""


@dataclass(frozen=True)
class Crossed:
    """Two factors of which every combination of levels is an arm.

    Attributes:
        rows: name of the first factor.
        columns: name of the second.
        row_levels: its levels, in the order of the study.
        column_levels: those of the second.
    """

    rows: str
    columns: str
    row_levels: tuple[str, ...]
    column_levels: tuple[str, ...]

    @property
    def factor(self) -> str:
        """What the trials call both together."""
        return f"{self.rows}{CROSS}{self.columns}"


@dataclass(frozen=True)
class Effect:
    """What analysis of variance says of one factor, or of both together.

    Attributes:
        name: the factor, or ``interaction``.
        f: its F statistic.
        freedom: degrees of freedom of effect and error.
        p: p-value of F; takes differences between levels to have equal variances (sphericity).
        p_bound: the largest that p can be where they do not.
    """

    name: str
    f: float
    freedom: tuple[int, int]
    p: float
    p_bound: float


@dataclass(frozen=True)
class TwoWay:
    """A grid of cells, the levels of the first factor in rows; fractions are not scaled.

    Arrays are of shape (rows, columns); cells without a value are NaN.

    Attributes:
        crossed: the factors and their levels.
        means: over the completed seeds of each cell.
        deviations: sample standard deviation over them.
        completed: number of them.
        seeds: number that was planned.
        effects: both factors, then ``interaction``, as far as there is spread to test them
            against; none where a cell lacks a seed.
    """

    crossed: Crossed
    means: Numbers
    deviations: Numbers
    completed: Numbers
    seeds: int
    effects: tuple[Effect, ...]


def two_way(cells: pd.DataFrame, crossed: Crossed, column: str) -> TwoWay:
    """Arrange the trials of a factorial design of two factors.

    Args:
        cells: rows of role ``ablation``.
        crossed: its factors.
        column: what is measured.
    """
    cells = cells[cells["factor"] == crossed.factor]
    seeds = cells["seed"].nunique()
    names = pd.DataFrame(
        [
            (f"{row}{CROSS}{of_column}", row, of_column)
            for row in crossed.row_levels
            for of_column in crossed.column_levels
        ],
        columns=["level", "row", "column"],
    )
    done = guards.finished(cells)[["level", "seed", column]].dropna().merge(names, on="level")
    groups = done.groupby("level")[column]
    shape = (len(crossed.row_levels), len(crossed.column_levels))
    means, deviations, completed = (
        np.reshape(found.reindex(names["level"]).to_numpy(dtype=np.float64), shape)
        for found in (groups.mean(), groups.std(), groups.count())
    )
    return TwoWay(
        crossed=crossed,
        means=means,
        deviations=deviations,
        completed=np.nan_to_num(completed),
        seeds=seeds,
        effects=effects(done.rename(columns={column: "value"}), crossed)
        if len(done) == len(names) * seeds
        else (),
    )


def effects(done: pd.DataFrame, crossed: Crossed) -> tuple[Effect, ...]:
    """Test both factors and their interaction, seeds as subjects.

    None where there is one level or seed; each only where it varies over seeds: without such spread
    rounding would be the error that it is tested against.

    Args:
        done: a row a trial, every seed in every cell: ``seed``, ``row``, ``column``, ``level`` (of
            both), ``value``.
        crossed: the factors.

    Source: Montgomery, Design and Analysis of Experiments, chapter 15 (repeated measures);
        Geisser and Greenhouse 1958, section 3, for the bound.
    """
    from statsmodels.stats.anova import AnovaRM  # slow to import, and few tables need it

    fewest = min(done["seed"].nunique(), len(crossed.row_levels), len(crossed.column_levels))
    if fewest < 2:
        return ()
    names = (crossed.rows, crossed.columns, "interaction")
    spread = dict(zip(names, _vary(done), strict=True))
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore", RuntimeWarning)  # without any spread F is infinite
        found = AnovaRM(done, "value", "seed", within=["row", "column"]).fit().anova_table
    told = []
    for name, (f, freedom, of_error, p) in zip(names, found.to_numpy(float), strict=True):
        if not spread[name]:
            continue
        bound = max(p, stats.f.sf(f, 1, done["seed"].nunique() - 1))
        told.append(Effect(name, float(f), (int(freedom), int(of_error)), float(p), float(bound)))
    return tuple(told)


def _vary(done: pd.DataFrame) -> tuple[bool, bool, bool]:
    """Tell of rows, columns and interaction whether their contrasts differ between seeds.

    Source: Montgomery, chapter 15: each effect is tested against its own interaction with seeds.
    """
    shape = (done["seed"].nunique(), done["row"].nunique(), done["column"].nunique())
    ordered = done.set_index(["seed", "row", "column"])["value"].sort_index()
    values = ordered.to_numpy(float).reshape(shape)
    values = (values - values.mean()) / (np.abs(values).max() or 1.0)
    of_seeds = values.mean((1, 2), keepdims=True)
    rows = values.mean(2, keepdims=True) - of_seeds
    columns = values.mean(1, keepdims=True) - of_seeds
    both = values - of_seeds - rows - columns
    return _varies(rows), _varies(columns), _varies(both)


def _varies(contrasts: Numbers) -> bool:
    """Whether any contrast, of shape (seeds, ...), differs between seeds."""
    return not all(map(without_spread, contrasts.reshape(len(contrasts), -1).T))

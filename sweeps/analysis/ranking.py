"""Who may be called the best: the first by mean, and all that cannot be told from it."""

import itertools
from collections.abc import Sequence

import numpy as np
import pandas as pd

from sweeps.analysis.significance import ALPHA, Numbers, holm, paired_t, without_spread


def add_best(
    frame: pd.DataFrame, done: pd.DataFrame, column: str, *, higher_is_better: bool
) -> None:
    """Fill the column ``best`` of ``Table.frame``, but for levels without a rank or a rival.

    Args:
        frame: one row a (factor, level), with ``rank``, and ``best`` all NA.
        done: the finished trials behind it.
        column: of ``done``: what levels are ranked by.
        higher_is_better: direction of improvement.
    """
    ranked = frame[frame["rank"].notna()].groupby("factor", sort=False)["level"].agg(list)
    cells = done.pivot(index=["factor", "level"], columns="seed", values=column)
    names = {factor: levels for factor, levels in ranked.items() if len(levels) > 1}
    families = [_values(cells, str(factor), levels) for factor, levels in names.items()]
    found = dict(zip(names, best_levels(families, higher_is_better=higher_is_better), strict=True))
    for factor, among in found.items():
        rows = (frame["factor"] == factor) & frame["level"].isin(names[factor])
        frame.loc[rows, "best"] = among


def best_levels(families: Sequence[Numbers], *, higher_is_better: bool) -> list[list[bool]]:
    """Tell the levels of each factor that may be its best.

    These are the first by mean, and all that no paired t test tells from it, adjusted by Holm over
    all pairs of levels of all factors. With a probability of 95 % no factor's truly best level is
    left out.

    Args:
        families: for each factor the values, of shape (levels, seeds).
        higher_is_better: direction of improvement.

    Source: Holm 1979, "A simple sequentially rejective multiple test procedure", over all pairs.
    """
    p = iter(holm([p for values in families for p in _pairs(values)]))
    found = []
    for values in families:
        count = len(values)
        apart = np.zeros((count, count), dtype=bool)
        for one, other in itertools.combinations(range(count), 2):
            apart[one, other] = apart[other, one] = next(p) < ALPHA
        means = values.mean(-1)
        first = int(means.argmax() if higher_is_better else means.argmin())
        found.append((~apart[first]).tolist())
    return found


def _values(cells: pd.DataFrame, factor: str, levels: list[str]) -> Numbers:
    """Return the values of some levels, of shape (levels, seeds); only seeds of that factor."""
    return cells.loc[[(factor, level) for level in levels]].dropna(axis="columns").to_numpy(float)


def _pairs(values: Numbers) -> Numbers:
    """Return the p-value of each pair of levels, NaN where its differences have no spread."""
    pairs = np.array([*itertools.combinations(range(len(values)), 2)], dtype=int).reshape(-1, 2)
    one, other = values[pairs[:, 0]], values[pairs[:, 1]]
    spread = np.array([not without_spread(differences) for differences in one - other], dtype=bool)
    p = np.full(len(pairs), np.nan)
    if spread.any():
        p[spread] = paired_t(one[spread], other[spread]).p
    return p

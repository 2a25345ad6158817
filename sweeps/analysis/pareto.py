"""The Pareto front of a search for several objectives: what nothing else beats in all of them."""

from collections.abc import Sequence

import numpy as np
import pandas as pd


def non_dominated(values: Sequence[Sequence[float]]) -> list[bool]:
    """Return which rows are on the front; in every column more is better.

    A row is dominated where another is as good in all columns and better in one (Deb et al., 2002,
    section III); equal rows do not dominate each other.
    """
    if not len(values):
        return []
    points = np.asarray(values, dtype=float)
    return [
        not bool(((points >= point).all(axis=1) & (points > point).any(axis=1)).any())
        for point in points
    ]


def front(trials: pd.DataFrame, objectives: dict[str, bool], first: str) -> pd.DataFrame:
    """Return the Pareto front of a study's search, the best by one of the objectives first.

    Args:
        trials: the trials frame; only finished rows of role ``search`` that have all objectives
            count. Its column ``suggested`` holds each trial's parameters by name.
        objectives: columns of the frame, and whether of each more is better.
        first: the objective by which it is sorted.

    Returns:
        Columns ``trial``, the objectives, and a column a parameter; a hole where a trial took
        another branch.
    """
    done = trials[(trials["role"] == "search") & (trials["status"] == "finished")]
    done = done.dropna(subset=list(objectives)).reset_index(drop=True)
    signs = [1.0 if more else -1.0 for more in objectives.values()]
    found = non_dominated((done[list(objectives)].astype(float) * signs).to_numpy().tolist())
    best = done.loc[done.index[found] if found else []]
    best = best.sort_values(
        first, ascending=not objectives[first], kind="stable", ignore_index=True
    )
    suggested = pd.DataFrame(best["suggested"].tolist(), index=best.index)
    return pd.concat([best[["trial", *objectives]], suggested], axis="columns")

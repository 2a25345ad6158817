"""Does a level diverge more often than the baseline? An outcome of its own, beside the means."""

import math
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from sweeps.analysis.guards import ENDED
from sweeps.analysis.significance import holm


def add_divergence(frame: pd.DataFrame, cells: pd.DataFrame) -> None:
    """Add to ``Table.frame`` the columns ``diverged``, ``ended`` and ``p_diverged``.

    The p-value is that of Fisher's exact test against the baseline's trials, adjusted by Holm over
    all comparisons of the study; NaN where neither side has a diverged trial.

    Args:
        frame: one row a (factor, level).
        cells: the rows of the ablation behind it.
    """
    levels = pd.MultiIndex.from_frame(frame[["factor", "level"]])
    for name, statuses in (("diverged", ["diverged"]), ("ended", [*ENDED])):
        counts = cells["status"].isin(statuses).groupby([cells["factor"], cells["level"]]).sum()
        frame[name] = counts.reindex(levels).to_numpy(dtype=int)
    rows: list[dict[str, Any]] = frame.to_dict("records")  # type: ignore[assignment]
    baselines = {row["factor"]: row for row in rows if row["baseline"]}
    p = [
        divergence_p(row["diverged"], row["ended"], other["diverged"], other["ended"])
        for row in rows
        if not row["baseline"]
        for other in [baselines[row["factor"]]]
    ]
    frame["p_diverged"] = math.nan
    frame.loc[~frame["baseline"], "p_diverged"] = holm(p)


def divergence_p(diverged: int, ended: int, of_baseline: int, ended_baseline: int) -> float:
    """Return the two-sided p-value of Fisher's exact test; NaN where no trial diverged.

    Source: Fisher 1935, "The logic of inductive inference".
    """
    if not diverged + of_baseline or not ended or not ended_baseline:
        return math.nan
    counts = [[diverged, ended - diverged], [of_baseline, ended_baseline - of_baseline]]
    return float(stats.fisher_exact(np.array(counts)).pvalue)


def divergence_notes(frame: pd.DataFrame) -> list[str]:
    """Write the footnote on what diverged, if anything did."""
    rows: list[dict[str, Any]] = frame[frame["diverged"] > 0].to_dict("records")  # type: ignore[assignment]
    if not rows:
        return []
    counts = ", ".join(
        f"{row['factor']}={row['level']} {row['diverged']} of {row['ended']}"
        + ("" if math.isnan(row["p_diverged"]) else f" (p = {row['p_diverged']:.3f})")
        for row in rows
    )
    return [
        f"Diverged: {counts}. p: Fisher's exact test against the baseline's rate, Holm-adjusted "
        "over the study's comparisons."
    ]

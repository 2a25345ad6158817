"""Variance by source: how much a number moves with one use of chance, all others held fixed."""

import numpy as np
import pandas as pd
from scipy import stats

from sweeps.analysis.measure import Measure
from sweeps.analysis.significance import CONFIDENCE

OF_MEANS = (
    *("difference", "low", "high", "p", "p_holm", "paired_sd", "effect", "p_flip", "p_equal"),
)
"""What a table says of differences between means."""


def without_comparisons(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the frame with holes for all that compares means.

    They depend on what the other sources are fixed at, which is not what is asked.

    Args:
        frame: the columns of `rows.Row`.
    """
    unresolved = pd.array([pd.NA] * len(frame), dtype="boolean")
    return frame.assign(**dict.fromkeys(OF_MEANS, np.nan), resolved=unresolved)


def add_spread(frame: pd.DataFrame, split: str) -> None:
    """Add the spread of each level over its seeds: what its sources of variation make.

    Columns: ``sd_low`` and ``sd_high``, the 95 % chi-square interval of the standard deviation,
    which takes values to be normal; ``share``, the variance as a part of the baseline's, where all
    sources vary. Holes where a level lacks a seed; no interval without any spread.

    Args:
        frame: ``Table.frame``, a row a level.
        split: whose values are meant.

    Source: Bouthillier et al. 2021 (arXiv:2103.03098), section 2, for one source at a time; Hahn
        and Meeker 1991, "Statistical Intervals", section 4.3, for the interval.
    """
    whole = (frame["completed"] == frame["seeds"]) & (frame["seeds"] > 1)
    sd = frame[f"{split}_sd"].where(whole)
    freedom = (frame["seeds"] - 1).where(whole)
    fewest, most = stats.chi2.interval(CONFIDENCE, freedom)
    spread = sd > 1e-9 * frame[f"{split}_mean"].abs()  # less is rounding
    frame["sd_low"] = (sd * np.sqrt(freedom / most)).where(spread)
    frame["sd_high"] = (sd * np.sqrt(freedom / fewest)).where(spread)
    together = sd.where(frame["baseline"] & spread).groupby(frame["factor"]).transform("max")
    frame["share"] = (sd / together) ** 2


def spread_caption(measure: Measure, split: str) -> str:
    """Say what the spreads are, and what one must not read into them."""
    unit = f", in {measure.difference_unit}" if measure.difference_unit else ""
    return (
        f"sd: standard deviation over seeds on {split}{unit}, with its 95 % chi-square interval "
        "(takes values to be normal). Share: variance as a part of that with all sources varying; "
        "shares need not add up to 100 %: sources act on each other, and each variance is known as "
        "well as its interval says. Means depend on what the others are fixed at and are not "
        "compared (one source at a time: Bouthillier et al. 2021, section 2)"
    )


def ordered(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the levels in which single sources vary, the largest spread first."""
    return frame[~frame["baseline"].astype(bool)].sort_values(
        "share", ascending=False, kind="stable"
    )

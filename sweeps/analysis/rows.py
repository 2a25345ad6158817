"""The rows of a table: what the trials of one level say, and how it differs from the baseline."""

import math
from typing import Literal, NamedTuple

import pandas as pd

from sweeps.analysis import guards
from sweeps.analysis.intervals import mean_interval
from sweeps.analysis.measure import Measure
from sweeps.analysis.sequential import Looks, compare_at_look, confidence, seeds_of
from sweeps.analysis.significance import CONFIDENCE, Comparison, compare

Split = Literal["validation", "test"]


class Row(NamedTuple):
    """One row of ``Table.frame``; its fields are the columns."""

    factor: str
    level: str
    baseline: bool
    variant: str
    seeds: int
    completed: int
    validation_mean: float
    validation_sd: float
    test_mean: float
    test_sd: float
    difference: float
    low: float
    high: float
    p: float
    p_holm: float
    pairs: int
    resolved: bool | None
    rank: int | None
    macro_f1: float
    parameters: int | None
    seconds: float
    status: str
    mean_low: float
    mean_high: float
    paired_sd: float
    effect: float
    p_flip: float
    p_equal: float


def factor_rows(
    cells: pd.DataFrame, measure: Measure, split: Split, margin: float | None, looks: Looks = ()
) -> list[Row]:
    """Summarise the levels of one factor, the baseline first.

    Args:
        cells: the rows of one factor.
        measure: what is compared.
        split: where.
        margin: the largest difference that is still called equal, in the units of the values.
        looks: seeds at each look, where levels may stop at one.
    """
    planned = cells["seed"].nunique()
    is_baseline = cells["baseline"].astype(bool)
    baseline = guards.finished(cells[is_baseline])
    column = f"{split}/{measure.name}"
    reference = baseline.set_index("seed")[column]
    ordered = pd.concat([cells[is_baseline], cells[~is_baseline]])["level"].unique()
    found = []
    for level in ordered:
        of_level = cells[cells["level"] == level]
        seeds = seeds_of(of_level, looks) if looks else planned
        comparison = Comparison(0, math.nan)
        if level != ordered[0]:
            values = guards.finished(of_level).set_index("seed")[column]
            comparison = (
                compare_at_look(values, reference, seeds, looks, margin=margin)
                if looks
                else compare(values, reference, margin=margin)
            )
        if comparison.pairs < seeds:  # only a comparison over all seeds keeps its interval
            comparison = Comparison(comparison.pairs, comparison.difference)
        sure = confidence(seeds, looks) if looks else CONFIDENCE
        found.append(_row(of_level, comparison, seeds, measure, split, sure))
    return found


def _row(
    cells: pd.DataFrame, comparison: Comparison, seeds: int, measure: Measure, split: Split,
    sure: float,
) -> Row:  # fmt: skip
    """Summarise one level; ``sure`` is the confidence of the interval of its mean."""
    first = cells.iloc[0]
    done = guards.finished(cells)
    known = not math.isnan(comparison.low)
    parameters = done["parameters"].dropna()
    values = done[f"{split}/{measure.name}"].to_numpy(float)
    low, high = mean_interval(values, sure) if len(values) == seeds else (math.nan, math.nan)
    return Row(
        factor=first["factor"],
        level=first["level"],
        baseline=bool(first["baseline"]),
        variant=first["variant"],
        seeds=seeds,
        completed=len(done),
        validation_mean=done[f"validation/{measure.name}"].mean(),
        validation_sd=done[f"validation/{measure.name}"].std(),
        test_mean=done[f"test/{measure.name}"].mean(),
        test_sd=done[f"test/{measure.name}"].std(),
        difference=comparison.difference,
        low=comparison.low,
        high=comparison.high,
        p=comparison.p,
        p_holm=math.nan,
        pairs=comparison.pairs,
        resolved=bool(comparison.low > 0 or comparison.high < 0) if known else None,
        rank=None,
        macro_f1=done[f"{split}/macro_f1"].mean(),
        parameters=None if parameters.empty else int(parameters.iloc[0]),
        seconds=done["seconds"].mean(),
        status=guards.outcome(cells, seeds),
        mean_low=low,
        mean_high=high,
        paired_sd=comparison.sd,
        effect=comparison.effect,
        p_flip=comparison.p_flip,
        p_equal=comparison.p_equal,
    )

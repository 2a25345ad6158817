"""The ablation table: one row a level, its mean over seeds and its difference to the baseline."""

import math
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd

from cifar_models.costs import Cost
from sweeps.analysis import captions, guards
from sweeps.analysis.captions import TableContext
from sweeps.analysis.costs import add_costs, cost_notes
from sweeps.analysis.ledger import ledger, ledger_notes
from sweeps.analysis.measure import Measure, find_measure
from sweeps.analysis.significance import Comparison, compare, holm

Split = Literal["validation", "test"]


@dataclass(frozen=True)
class Table:
    """An ablation table as a value; ``rendering.render`` writes it.

    Attributes:
        frame: one row a (factor, level), levels in the order of the study with the baseline first.
            Columns: ``factor``, ``level``, ``baseline``, ``variant``, ``seeds`` (planned),
            ``completed``, ``validation_mean``, ``validation_sd``, ``test_mean``, ``test_sd``
            (sample standard deviation over seeds), ``difference``, ``low``, ``high``, ``p``,
            ``p_holm``, ``pairs``, ``resolved`` (the interval excludes zero), ``rank``,
            ``macro_f1``, ``parameters``, ``seconds`` (means), ``status``. Fractions are not
            scaled to percent; holes are NaN or NA. Then each cost's column, the mean over seeds
            that have a value, and ``<column>_n``, their number.
        measure: what is compared.
        split: where the differences, ranks and macro F1 are taken.
        title: the study and its question.
        caption: everything that one has to know to read the numbers.
        footnotes: what else one has to know, a sentence each.
        interim: the study is not finished.
        study: name of the study.
        costs: what the study asks for beside what every table has.
        ledger: what each level was given before (`sweeps.analysis.ledger`); without rows where
            none was tuned.
    """

    frame: pd.DataFrame
    measure: Measure
    split: Split
    title: str
    caption: str
    footnotes: tuple[str, ...]
    interim: bool
    study: str
    costs: tuple[Cost, ...] = ()
    ledger: pd.DataFrame = field(default_factory=pd.DataFrame)


def ablation_table(
    trials: pd.DataFrame,
    context: TableContext,
    metric: str = "accuracy",
    costs: tuple[Cost, ...] = (),
) -> Table:
    """Make the ablation table of a study.

    Args:
        trials: one row a (trial, membership); only finished ones of role ``ablation`` enter means.
        context: what the frame does not know about the study.
        metric: ``x`` of the columns ``validation/x`` and ``test/x``.
        costs: what else is shown, each a column of its own in ``trials``.

    Raises:
        ValueError: the trials do not make a fair table, or have no such columns.
    """
    measure = find_measure(metric)
    cells = _with_splits(guards.ablation_cells(trials, equal_budget=context.equal_budget), metric)
    split = _comparison_split(cells, measure)
    rows = [
        row
        for factor in cells["factor"].unique()
        for row in _factor_rows(cells[cells["factor"] == factor], measure, split)
    ]
    frame = pd.DataFrame(rows, columns=list(Row._fields)).astype(
        {"resolved": "boolean", "rank": "Int64", "parameters": "Int64"}
    )
    levels = ~frame["baseline"]
    frame.loc[levels, "p_holm"] = holm(frame.loc[levels, "p"].to_list())
    frame["rank"] = _ranks(frame, measure, split)
    tuned = ledger(trials, measure)
    asked = tuple(cost for cost in costs if cost.column not in frame)
    add_costs(frame, guards.finished(cells), asked)
    return Table(
        frame=frame,
        measure=measure,
        split=split,
        title=f"{context.study}: {context.question}",
        caption=captions.caption(frame, cells, context, measure, split),
        footnotes=(
            *ledger_notes(tuned),
            *captions.footnotes(frame, split),
            *cost_notes(frame, asked),
            *captions.assumptions(measure),
            *guards.unequal_budgets(cells),
            *guards.mixed_environments(cells),
            *context.notes,
        ),
        interim=guards.pending(cells) > 0,
        study=context.study,
        costs=asked,
        ledger=tuned,
    )


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


def _with_splits(cells: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Return the cells with both columns of a metric, the one that they lack full of holes."""
    columns = cells.filter(regex="^(validation|test)/").columns
    known = sorted({str(column).split("/")[1] for column in columns})
    if metric not in known:
        raise ValueError(f"no table can be made of {metric!r}: choose one of {', '.join(known)}")
    wanted = (f"validation/{metric}", f"test/{metric}")
    return cells.reindex(columns=[*cells, *(name for name in wanted if name not in cells)])


def _comparison_split(cells: pd.DataFrame, measure: Measure) -> Split:
    """Choose test once every level with all its seeds has been evaluated there."""
    done = guards.finished(cells)
    unfinished = cells.loc[cells["status"] != "finished", ["factor", "level"]]
    key = pd.MultiIndex.from_frame(done[["factor", "level"]])
    complete = done[~key.isin(pd.MultiIndex.from_frame(unfinished))]
    judged = done if complete.empty else complete
    tested = judged[f"test/{measure.name}"].notna()
    unvalidated = done[f"validation/{measure.name}"].isna().all()
    return "test" if not done.empty and (tested.all() or unvalidated) else "validation"


def _factor_rows(cells: pd.DataFrame, measure: Measure, split: Split) -> list[Row]:
    """Summarise the levels of one factor, the baseline first."""
    seeds = cells["seed"].nunique()
    is_baseline = cells["baseline"].astype(bool)
    baseline = guards.finished(cells[is_baseline])
    column = f"{split}/{measure.name}"
    reference = baseline.set_index("seed")[column]
    ordered = pd.concat([cells[is_baseline], cells[~is_baseline]])["level"].unique()
    return [
        _row(cells[cells["level"] == level], reference, seeds, measure, split) for level in ordered
    ]


def _row(
    cells: pd.DataFrame,
    reference: "pd.Series[float]",
    seeds: int,
    measure: Measure,
    split: Split,
) -> Row:
    """Summarise one level; only a comparison over all seeds keeps its interval and p-value."""
    first = cells.iloc[0]
    done = guards.finished(cells)
    comparison = Comparison(0, math.nan)
    if not first["baseline"]:
        comparison = compare(done.set_index("seed")[f"{split}/{measure.name}"], reference)
        if comparison.pairs < seeds:
            comparison = Comparison(comparison.pairs, comparison.difference)
    known = not math.isnan(comparison.low)
    parameters = done["parameters"].dropna()
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
    )


def _ranks(frame: pd.DataFrame, measure: Measure, split: Split) -> "pd.Series[int]":
    """Rank the levels within their factor by mean; only those with all of at least two seeds."""
    complete = (frame["completed"] == frame["seeds"]) & (frame["seeds"] > 1)
    means = frame[f"{split}_mean"].where(complete, np.nan)
    ranks = means.groupby(frame["factor"]).rank(
        method="min", ascending=not measure.higher_is_better
    )
    return ranks.astype("Int64")

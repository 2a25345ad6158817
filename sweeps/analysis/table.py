"""The ablation table: one row a level, its mean over seeds and its difference to the baseline."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from cifar_models.costs import Cost
from sweeps.analysis import captions, guards
from sweeps.analysis.captions import TableContext
from sweeps.analysis.costs import add_costs, cost_notes
from sweeps.analysis.divergence import add_divergence, divergence_notes
from sweeps.analysis.ledger import ledger, ledger_notes
from sweeps.analysis.measure import Measure, find_measure
from sweeps.analysis.power import add_power
from sweeps.analysis.ranking import add_best
from sweeps.analysis.rows import Row, Split, factor_rows
from sweeps.analysis.sequential import Looks
from sweeps.analysis.significance import ALPHA, holm
from sweeps.analysis.two_way import TwoWay, two_way
from sweeps.analysis.variance import add_spread, without_comparisons
from sweeps.analysis.wide import Wide, wide_frame


@dataclass(frozen=True)
class Table:
    """An ablation table as a value; ``rendering.render`` writes it.

    Attributes:
        frame: one row a (factor, level), levels in the order of the study with the baseline first.
            Columns: ``factor``, ``level``, ``baseline``, ``variant``, ``seeds`` (planned),
            ``completed``, ``validation_mean``, ``validation_sd``, ``test_mean``, ``test_sd``
            (sample standard deviation over seeds), ``difference``, ``low``, ``high``, ``p``,
            ``p_holm``, ``pairs``, ``resolved`` (the interval excludes zero), ``rank``,
            ``macro_f1``, ``parameters``, ``seconds`` (means), ``status``; of the split:
            ``mean_low``, ``mean_high`` (95 % interval of the mean); of the paired differences:
            ``paired_sd``, ``effect``, ``p_flip`` (as in `significance.Comparison`),
            ``p_equal`` (adjusted by Holm), ``equal`` (it is below 0.05), ``detectable``,
            ``seeds_for_margin`` (`power`); ``best`` (`ranking`); ``diverged``, ``ended``,
            ``p_diverged`` (`divergence`). Fractions are not scaled to percent; holes are NaN or
            NA. Then each cost's column, the mean over seeds that have a value, and
            ``<column>_n``, their number.
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
        margin: the largest difference that is called equal, in printed units, if one was stated.
        grid: the same trials by two factors, if the study crosses two.
        wide: two factors by which it is laid out; None: a row a level.
        looks: seeds at each look of a study whose levels may stop at one.
        by_source: its levels are sources of variation (`sweeps.analysis.variance`): means are not
            compared, and the frame has ``sd_low``, ``sd_high`` and ``share`` besides.
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
    margin: float | None = None
    grid: TwoWay | None = None
    wide: Wide | None = None
    looks: Looks = ()
    by_source: bool = False

    @property
    def shown(self) -> pd.DataFrame:
        """Return the numbers as they are laid out: ``frame``, or that of two factors."""
        return wide_frame(self.frame, self.wide, self.split) if self.wide else self.frame


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
    cells = guards.ablation_cells(
        trials, equal_budget=context.equal_budget, asked=context.differing
    )
    timed = ("seconds", *(cost.column for cost in costs if cost.of_device))
    cells = guards.timed_on_one_device(_with_splits(cells, metric), timed)
    split = "validation" if context.looks else _comparison_split(cells, measure)
    frame = _compared(cells, measure, split, context)
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
            *captions.footnotes(frame, split, context.wide, compared=not context.by_source),
            *divergence_notes(frame),
            *cost_notes(frame, asked),
            *captions.assumptions(measure),
            *guards.footnotes(cells, seeds_differ=not context.by_source),
            *context.notes,
        ),
        interim=bool(captions.interim(cells, context, measure, split)),
        study=context.study,
        costs=asked,
        ledger=tuned,
        margin=context.margin,
        grid=two_way(cells, context.crossed, f"{split}/{measure.name}")
        if context.crossed
        else None,
        wide=context.wide,
        looks=context.looks,
        by_source=context.by_source,
    )


def _compared(
    cells: pd.DataFrame, measure: Measure, split: Split, context: TableContext
) -> pd.DataFrame:
    """Return ``Table.frame`` without costs."""
    looks = context.looks
    margin = None if context.margin is None else context.margin / measure.scale
    rows = [
        row
        for factor in cells["factor"].unique()
        for row in factor_rows(cells[cells["factor"] == factor], measure, split, margin, looks)
    ]
    frame = pd.DataFrame(rows, columns=list(Row._fields)).astype(
        {"resolved": "boolean", "rank": "Int64", "parameters": "Int64"}
    )
    if context.by_source:
        frame = without_comparisons(frame)
        add_spread(frame, split)
    levels = ~frame["baseline"]
    frame.loc[levels, "p_holm"] = holm(frame.loc[levels, "p"].to_list())
    frame.loc[levels, "p_equal"] = holm(frame.loc[levels, "p_equal"].to_list())
    frame["equal"] = (frame["p_equal"] < ALPHA).where(frame["p_equal"].notna()).astype("boolean")
    add_power(frame, margin, looks)
    frame["best"] = pd.array([pd.NA] * len(frame), dtype="boolean")
    if not context.by_source:
        frame["rank"] = _ranks(frame, measure, "difference" if looks else f"{split}_mean")
    if not (looks or context.by_source):  # with other seeds each, the baseline alone is compared
        done, column = guards.finished(cells), f"{split}/{measure.name}"
        add_best(frame, done, column, higher_is_better=measure.higher_is_better)
    add_divergence(frame, cells)
    return frame


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


def _ranks(frame: pd.DataFrame, measure: Measure, by: str) -> "pd.Series[int]":
    """Rank the levels within their factor; only those with all of at least two seeds.

    By differences, where seeds are not the same: means would tell what luck those had.
    """
    complete = (frame["completed"] == frame["seeds"]) & (frame["seeds"] > 1)
    values = frame[by].where(~frame["baseline"], 0.0) if by == "difference" else frame[by]
    groups = values.where(complete, np.nan).groupby(frame["factor"])
    return groups.rank(method="min", ascending=not measure.higher_is_better).astype("Int64")

"""The words around a table: what its numbers are, and what one must not read into them."""

from dataclasses import dataclass

import pandas as pd

from sweeps.analysis import guards, stopping
from sweeps.analysis.measure import Measure
from sweeps.analysis.power import MOST_SEEDS
from sweeps.analysis.sequential import Looks
from sweeps.analysis.significance import ALPHA
from sweeps.analysis.two_way import Crossed
from sweeps.analysis.variance import spread_caption
from sweeps.analysis.wide import Wide, beside

DAGGER = "\N{DAGGER}"
NAMED = 8
"""Rows that a footnote names; of more it says how many."""


@dataclass(frozen=True)
class TableContext:
    """What the trials do not say about their study; mostly sentences.

    Attributes:
        study: name of the study.
        question: what it asks.
        selection_rule: which epoch is measured, and chosen on which data.
        split: the sizes of train, validation and test.
        varied: the sources of variation that differ between seeds, and those held fixed.
        equal_budget: whether all levels must have trained for as many epochs.
        notes: what else one has to know.
        margin: the largest difference that is called equal, in printed units (points of an
            accuracy); None: nothing is called equal.
        differing: what levels may differ in besides, of `guards.CONDITIONS`.
        crossed: the two factors of a factorial design.
        looks: seeds at each look of a study whose levels may stop at one, on validation images.
        wide: how the table is laid out by two factors; None: a row a level.
        by_source: whether the levels are sources of variation.
    """

    study: str
    question: str
    selection_rule: str
    split: str
    varied: str
    equal_budget: bool = True
    notes: tuple[str, ...] = ()
    margin: float | None = None
    differing: frozenset[str] = frozenset()
    crossed: Crossed | None = None
    looks: Looks = ()
    wide: Wide | None = None
    by_source: bool = False


def caption(
    frame: pd.DataFrame, cells: pd.DataFrame, context: TableContext, measure: Measure, split: str
) -> str:
    """Write the caption.

    Args:
        frame: ``Table.frame``.
        cells: the rows behind it.
        context: the sentences of the study.
        measure: what is compared.
        split: where the differences are taken.
    """
    sentences = [
        interim(cells, context, measure, split),
        _numbers(frame, cells, measure),
        *(
            (_placed(frame, context.wide, split),)
            if context.wide
            else _compared(frame, context, measure, split)
        ),
        context.selection_rule,
        context.split,
        context.varied,
    ]
    return " ".join(_closed(sentence) for sentence in sentences if sentence)


def interim(cells: pd.DataFrame, context: TableContext, measure: Measure, split: str) -> str:
    """Say that a study is not finished; "" if it is."""
    if context.looks:
        margin = None if context.margin is None else context.margin / measure.scale
        return stopping.interim(cells, f"{split}/{measure.name}", context.looks, margin)
    pending = guards.pending(cells)
    return f"INTERIM: {_counted(pending, 'cell')} still to come" if pending else ""


def _compared(
    frame: pd.DataFrame, context: TableContext, measure: Measure, split: str
) -> tuple[str, ...]:
    """Say how levels are compared, ranked, and what the seeds cannot show."""
    if context.by_source:
        return (spread_caption(measure, split),)
    looks, margin = context.looks, context.margin
    return (
        (stopping.differences if looks else _differences)(frame, measure, split),
        stopping.rule(frame, looks, equal=margin is not None) if looks else "",
        _equality(margin, measure),
        stopping.RANKING if looks else _ranking(frame),
        _power(frame, measure, margin, looks[-1] if looks else None),
    )


def _numbers(frame: pd.DataFrame, cells: pd.DataFrame, measure: Measure) -> str:
    """Say what the means are means of."""
    title = measure.title[0].upper() + measure.title[1:]
    unit = f" in {measure.unit}" if measure.unit else ""
    better = "" if measure.higher_is_better else " (lower is better)"
    planned = cells["planned_epochs"].dropna()
    epochs = f", {_counted(_range(planned), 'epoch')} a trial" if (planned > 0).any() else ""
    return (
        f"{title}{unit}{better}: mean \N{PLUS-MINUS SIGN} standard deviation over "
        f"{_counted(_range(frame['seeds']), 'seed')}{epochs}"
    )


def _placed(frame: pd.DataFrame, wide: Wide, split: str) -> str:
    """Say what stands where, and which cells may be the best."""
    marked = (
        "; *: the best, and all not distinguishable from it (paired t tests of all pairs of "
        "levels, Holm-adjusted)"
    )
    return (
        f"Rows: {wide.rows}; columns: {wide.columns}; all on {split}"
        f"{marked if frame['best'].any() else '; no cell is marked as the best'}"
    )


def _differences(frame: pd.DataFrame, measure: Measure, split: str) -> str:
    """Say how levels are compared, and how many comparisons came out."""
    family = int((~frame["baseline"]).sum())
    resolved = int(frame["resolved"].fillna(False).sum())
    corrected = resolved - int(uncorrected(frame).sum())
    unit = f" in {measure.difference_unit}" if measure.difference_unit else ""
    return (
        f"\N{GREEK CAPITAL LETTER DELTA}: difference to the baseline{unit} on {split}, paired by "
        f"seed, with its 95 % t interval. p: paired t test (takes differences to be normal), "
        f"Holm-adjusted over the study's {_counted(family, 'comparison')}. Resolved: the interval "
        f"excludes zero ({resolved} of {family}; {corrected} also after adjustment)"
    )


def _equality(margin: float | None, measure: Measure) -> str:
    """Say when levels are called equal."""
    if margin is None:
        return "Unresolved is not equal: no margin was stated"
    return f"Equal within {_within(margin, measure)}: two one-sided paired t tests, Holm-adjusted"


def _ranking(frame: pd.DataFrame) -> str:
    """Say what a rank means, and which levels may be the best."""
    marked = (
        "; *: the best of its factor, and all not distinguishable from it (paired t tests of all "
        "pairs, Holm-adjusted)"
    )
    return f"Rank: by mean{marked if frame['best'].any() else ''}"


def _power(
    frame: pd.DataFrame, measure: Measure, margin: float | None, most: int | None = None
) -> str:
    """Say what the seeds cannot show, and how many would find a difference of the margin's size.

    ``most`` is how many there are at most, where there may be more.
    """
    spread = frame["detectable"].dropna()
    if spread.empty:
        return ""
    seeds = _counted(most or _range(frame["seeds"]), "seed")
    found = _span(measure.text(spread.min()), measure.text(spread.max()))
    unit = f" {measure.difference_unit}" if measure.difference_unit else ""
    adjusted = " at the last look, at its level" if most else ", not adjusted"
    power = (
        f"Power: with this spread, {seeds} find a difference in 80 % of studies (one t test"
        f"{adjusted}) if it is at least {found}{unit}"
    )
    if margin is None:
        return power
    needed = frame["seeds_for_margin"].dropna()
    high = f"more than {MOST_SEEDS:,}" if needed.max() == MOST_SEEDS else f"{needed.max():,}"
    low = high if needed.min() == MOST_SEEDS else f"{needed.min():,}"
    return (
        f"{power}; to find one of {margin:g}{unit} so (not to show equality) it takes "
        f"{_span(low, high)} seeds"
    )


def _within(margin: float, measure: Measure) -> str:
    """Word a margin in printed units."""
    unit = f" {measure.difference_unit}" if measure.difference_unit else ""
    return f"\N{PLUS-MINUS SIGN}{margin:g}{unit}"


def footnotes(
    frame: pd.DataFrame, split: str, wide: Wide | None = None, *, compared: bool = True
) -> list[str]:
    """Write the footnotes that the rows call for; a table by two factors shows no differences."""
    of_differences = (_uncorrected(frame), _unpaired(frame, split), _without_spread(frame))
    shown = compared and not wide
    uncorrected, unpaired, without_spread = of_differences if shown else ("", "", "")
    notes = (uncorrected, _incomplete(frame), unpaired, without_spread, _unreplicated(frame))
    left_out = beside(frame, wide)["level"].tolist() if wide else []
    return [
        *(note for note in notes if note),
        *(f"Not in the grid: {level}, which no pair of levels gives." for level in left_out),
    ]


def assumptions(measure: Measure) -> list[str]:
    """Write what is taken for granted about the measure."""
    if not measure.assumed:
        return []
    return [f"The class of {measure.name} was not at hand: higher is taken to be better."]


def uncorrected(frame: pd.DataFrame) -> "pd.Series[bool]":
    """Tell rows whose interval excludes zero though their adjusted p-value is not below 0.05."""
    return frame["resolved"].fillna(False).astype(bool) & ~(frame["p_holm"] < ALPHA)


def _uncorrected(frame: pd.DataFrame) -> str:
    if not uncorrected(frame).any():
        return ""
    return (
        f"yes{DAGGER}: the interval excludes zero for this comparison alone; adjusted for all "
        f"comparisons, p is not below {ALPHA}."
    )


def _incomplete(frame: pd.DataFrame) -> str:
    rows = frame[frame["completed"] < frame["seeds"]]
    if rows.empty:
        return ""
    names = _few([f"{row.factor}={row.level} ({row.status})" for row in rows.itertuples()])
    return (
        f"Without all seeds: {names}. Their means are over the completed seeds "
        "only, so they get no interval, p-value or rank."
    )


def _unpaired(frame: pd.DataFrame, split: str) -> str:
    complete = frame["completed"] == frame["seeds"]
    rows = frame[complete & ~frame["baseline"] & (frame["pairs"] < frame["seeds"])]
    if rows.empty:
        return ""
    return (
        f"Not every seed has a baseline trial and a {split} value to compare with: "
        f"{_named(rows)}. They get no interval or p-value."
    )


def _without_spread(frame: pd.DataFrame) -> str:
    paired = (frame["pairs"] == frame["seeds"]) & (frame["pairs"] > 1)
    rows = frame[paired & frame["low"].isna()]
    if rows.empty:
        return ""
    return (
        f"The same difference at every seed: {_named(rows)}. Without spread there is no "
        "interval and no p-value."
    )


def _unreplicated(frame: pd.DataFrame) -> str:
    if not (frame["seeds"] == 1).any():
        return ""
    return "One seed shows no spread: such rows get no interval, p-value or rank."


def _named(rows: pd.DataFrame) -> str:
    return _few([f"{row.factor}={row.level}" for row in rows.itertuples()])


def _few(names: list[str]) -> str:
    """List names; of many the first, and how many more there are."""
    more = len(names) - NAMED
    return ", ".join(names) if more <= 1 else f"{', '.join(names[:NAMED])} and {more} more"


def _closed(sentence: str) -> str:
    sentence = sentence.strip()
    return sentence if sentence.endswith((".", "?", "!")) else f"{sentence}."


def _span(low: str, high: str) -> str:
    return low if low == high else f"{low} to {high}"


def _range(values: "pd.Series[int]") -> str:
    return _span(str(int(values.min())), str(int(values.max())))


def _counted(number: int | str, noun: str) -> str:
    return f"{number} {noun}" if str(number) == "1" else f"{number} {noun}s"

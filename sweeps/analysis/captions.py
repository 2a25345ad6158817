"""The words around a table: what its numbers are, and what one must not read into them."""

from dataclasses import dataclass

import pandas as pd

from sweeps.analysis import guards
from sweeps.analysis.measure import Measure
from sweeps.analysis.significance import ALPHA

DAGGER = "\N{DAGGER}"


@dataclass(frozen=True)
class TableContext:
    """What the trials do not say about their study; each field but the name is a sentence.

    Attributes:
        study: name of the study.
        question: what it asks.
        selection_rule: which epoch is measured, and chosen on which data.
        split: the sizes of train, validation and test.
        varied: the sources of variation that differ between seeds, and those held fixed.
        equal_budget: whether all levels must have trained for as many epochs.
        notes: what else one has to know.
    """

    study: str
    question: str
    selection_rule: str
    split: str
    varied: str
    equal_budget: bool = True
    notes: tuple[str, ...] = ()


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
    pending = guards.pending(cells)
    sentences = [
        f"INTERIM: {_counted(pending, 'cell')} still to come" if pending else "",
        _numbers(frame, cells, measure),
        _differences(frame, measure, split),
        context.selection_rule,
        context.split,
        context.varied,
    ]
    return " ".join(_closed(sentence) for sentence in sentences if sentence)


def _numbers(frame: pd.DataFrame, cells: pd.DataFrame, measure: Measure) -> str:
    """Say what the means are means of."""
    title = measure.title[0].upper() + measure.title[1:]
    unit = f" in {measure.unit}" if measure.unit else ""
    better = "" if measure.higher_is_better else " (lower is better)"
    epochs = _counted(_range(cells["planned_epochs"].dropna()), "epoch")
    return (
        f"{title}{unit}{better}: mean \N{PLUS-MINUS SIGN} standard deviation over "
        f"{_counted(_range(frame['seeds']), 'seed')}, {epochs} a trial"
    )


def _differences(frame: pd.DataFrame, measure: Measure, split: str) -> str:
    """Say how levels are compared, and how many comparisons came out."""
    family = int((~frame["baseline"]).sum())
    resolved = int(frame["resolved"].fillna(False).sum())
    corrected = resolved - int(uncorrected(frame).sum())
    unit = f" in {measure.difference_unit}" if measure.difference_unit else ""
    return (
        f"\N{GREEK CAPITAL LETTER DELTA}: difference to the baseline{unit} on {split}, paired by "
        f"seed, with its 95 % t interval. p: paired t test, Holm-adjusted over the study's "
        f"{_counted(family, 'comparison')}. Resolved: the interval excludes zero ({resolved} of "
        f"{family}; {corrected} also after adjustment). Rank: by mean, resolved or not"
    )


def footnotes(frame: pd.DataFrame, split: str) -> list[str]:
    """Write the footnotes that the rows call for."""
    return [
        note
        for note in (
            _uncorrected(frame),
            _incomplete(frame),
            _unpaired(frame, split),
            _without_spread(frame),
            _unreplicated(frame),
        )
        if note
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
    names = ", ".join(f"{row.factor}={row.level} ({row.status})" for row in rows.itertuples())
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
    return ", ".join(f"{row.factor}={row.level}" for row in rows.itertuples())


def _closed(sentence: str) -> str:
    sentence = sentence.strip()
    return sentence if sentence.endswith((".", "?", "!")) else f"{sentence}."


def _range(values: "pd.Series[int]") -> str:
    low, high = int(values.min()), int(values.max())
    return str(low) if low == high else f"{low} to {high}"


def _counted(number: int | str, noun: str) -> str:
    return f"{number} {noun}" if str(number) == "1" else f"{number} {noun}s"

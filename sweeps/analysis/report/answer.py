"""The answer in two sentences: what the table resolves, and what it leaves open."""

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd

from sweeps.analysis.captions import uncorrected
from sweeps.analysis.table import Table
from sweeps.analysis.variance import ordered

PLUS_MINUS = "\N{PLUS-MINUS SIGN}"
MOST = 3
"""Levels that a sentence names."""


def answer(table: Table) -> tuple[str, str]:
    """Return what is resolved, also after adjustment for all comparisons; and what is not."""
    if table.by_source:
        return spread_answer(table)
    equal = table.frame["equal"].fillna(False).astype(bool)
    frame = table.frame.assign(uncorrected=uncorrected(table.frame), equal=equal)
    compared = frame[~frame["baseline"].astype(bool)]
    if compared.empty:
        return _alone(frame, table), "Nothing is compared with it."
    sure = compared["resolved"].fillna(False).astype(bool) & ~compared["uncorrected"]
    first, second = _found(compared[sure], table, len(compared)), _open(compared[~sure], table)
    if table.interim:
        first = f"INTERIM, not all trials are done: {first[0].lower()}{first[1:]}"
    return first, second


def spread_answer(table: Table) -> tuple[str, str]:
    """Return the spread with all sources varying; and what each makes alone, the largest first."""
    measure, sd = table.measure, f"{table.split}_sd"
    unit = f" {measure.difference_unit}" if measure.difference_unit else ""
    together = table.frame[table.frame["baseline"].astype(bool)].iloc[0]
    first = (
        f"With all sources varying, {table.split} {measure.title} has a standard deviation of "
        f"{measure.text(together[sd])}{unit} over {_counted(int(together['completed']), 'seed')}"
        f"{_between(together, table)}."
    )
    if table.interim:
        first = f"INTERIM, not all trials are done: {first[0].lower()}{first[1:]}"
    told = [
        f"{row['level']} {measure.text(row[sd])}{_between(row, table)}"
        for row in ordered(table.frame).to_dict("records")
    ]
    return first, f"Each alone: {', '.join(told)}."


def _between(row: Any, table: Table) -> str:
    """Word the interval of a standard deviation, if there is one."""
    if math.isnan(row["sd_low"]):
        return ""
    text = table.measure.text
    return f" ({text(row['sd_low'])} to {text(row['sd_high'])})"


def _alone(frame: pd.DataFrame, table: Table) -> str:
    """Say what the only level reaches."""
    row, measure = frame.iloc[0], table.measure
    mean, deviation = row[f"{table.split}_mean"], row[f"{table.split}_sd"]
    spread = "" if math.isnan(deviation) else f" {PLUS_MINUS} {measure.text(deviation)}"
    unit = f" {measure.unit}" if measure.unit else ""
    return (
        f"{row['level']} reaches {measure.text(mean)}{spread}{unit} {table.split} {measure.title} "
        f"over {_counted(int(row['completed']), 'seed')}."
    )


def _found(rows: pd.DataFrame, table: Table, family: int) -> str:
    """Name the differences that are real, the largest first."""
    comparisons = _counted(family, "comparison")
    if rows.empty:
        return (
            f"None of {comparisons} with the baseline is resolved after adjustment for their "
            "number."
            if family > 1
            else "The difference to the baseline is not resolved."
        )
    largest = rows.loc[rows["difference"].abs().sort_values(ascending=False).index]
    told = [_difference(row, table) for row in largest.to_dict("records")]
    return f"Resolved, adjusted for {comparisons}: {_listed(told, '; ')}."


def _difference(row: Any, table: Table) -> str:
    """Say by how much one level is better or worse than its baseline."""
    measure = table.measure
    better = (row["difference"] > 0) == measure.higher_is_better
    unit = f" {measure.difference_unit}" if measure.difference_unit else ""
    return (
        f"{_name(row, table)} is {'better' if better else 'worse'} than {_baseline(row, table)} by "
        f"{measure.text(abs(row['difference']))}{unit} of {table.split} {measure.title} "
        f"(95 % interval {measure.signed(row['low'])} to {measure.signed(row['high'])})"
    )


def _open(rows: pd.DataFrame, table: Table) -> str:
    """Name what is not resolved, each kind apart: equal, open, alone, without all seeds."""
    if rows.empty:
        return "No comparison is left open."
    records = rows.to_dict("records")
    equal, without, alone, rest = [], [], [], []
    for row in records:
        if math.isnan(row["low"]):
            reason = "no interval" if row["status"] == "finished" else row["status"]
            without.append(f"{_name(row, table)} ({reason})")
        elif row["equal"]:
            equal.append(_name(row, table))
        elif row["uncorrected"]:
            alone.append(_name(row, table))
        else:
            rest.append(f"{_name(row, table)} ({_interval(row, table)})")
    seeds = _counted(int(rows["seeds"].max()), "seed")
    parts = [
        rest and f"not resolved with {seeds}, which does not mean equal: {_listed(rest)}",
        alone and f"resolved by its interval alone, not after adjustment: {_listed(alone)}",
        equal and f"equal within {PLUS_MINUS}{table.margin:g}: {_listed(equal)}",
        without and f"without a verdict: {_listed(without)}",
    ]
    sentence = "; ".join(part for part in parts if part)
    return f"{sentence[0].upper()}{sentence[1:]}."


def _interval(row: Any, table: Table) -> str:
    measure = table.measure
    return f"{measure.signed(row['low'])} to {measure.signed(row['high'])}"


def _name(row: Any, table: Table) -> str:
    """Name a level, with its factor where there are several."""
    several = table.frame["factor"].nunique() > 1
    return f"{row['factor']} {row['level']}" if several else str(row["level"])


def _baseline(row: Any, table: Table) -> str:
    frame = table.frame
    mine = frame["baseline"].astype(bool) & (frame["factor"] == row["factor"])
    return str(frame.loc[mine, "level"].iloc[0])


def _listed(words: Sequence[str], separator: str = ", ") -> str:
    more = f"{separator}and {len(words) - MOST} more" if len(words) > MOST else ""
    return separator.join(words[:MOST]) + more


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"

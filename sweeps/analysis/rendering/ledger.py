"""The ledger of tuned levels, worded for people."""

import itertools
from collections.abc import Callable
from typing import Any

from sweeps.analysis.captions import DAGGER
from sweeps.analysis.ledger import AT_END, TUNED
from sweeps.analysis.measure import HOLE, Measure
from sweeps.analysis.rendering.layout import Column, Group, Layout, Line, amount
from sweeps.analysis.table import Table

TITLE = "What each level was given before it was compared"


def lay_out_ledger(table: Table) -> Layout:
    """Word every cell of a table's ledger."""
    columns = _columns(table)
    rows = table.ledger.to_dict("records")
    groups = itertools.groupby(rows, key=lambda row: str(row["factor"]))
    return Layout(
        columns,
        tuple(
            Group(factor, tuple(Line(_cells(row, columns), False, "open") for row in members))
            for factor, members in groups
        ),
    )


def _cells(row: Any, columns: tuple[Column, ...]) -> tuple[str, ...]:
    return tuple(column.cell(row) for column in columns)


def _columns(table: Table) -> tuple[Column, ...]:
    """List the columns; one for each parameter that any level tuned."""
    factors = table.ledger["factor"].unique()
    paths = [str(name).removeprefix(TUNED) for name in table.ledger if str(name).startswith(TUNED)]
    measure = table.measure
    return (
        Column(
            factors[0] if len(factors) == 1 else "level", lambda row: row["level"], align="left"
        ),
        Column("candidates", lambda row: f"{row['tried']:,}"),
        Column("finished", lambda row: f"{row['finished']:,}"),
        Column("epochs", lambda row: f"{row['epochs']:,}"),
        Column("time", lambda row: amount(row["seconds"]), "s"),
        Column("best on validation", _best(measure), measure.unit),
        *(Column(path, _value(path)) for path in paths),
    )


def _best(measure: Measure) -> Callable[[Any], str]:
    return lambda row: measure.text(row["best"])


def _value(path: str) -> Callable[[Any], str]:
    def cell(row: Any) -> str:
        value = row[f"{TUNED}{path}"]
        if value is None or value != value:  # NaN: no parameter of this level
            return HOLE
        text = f"{value:.3g}" if isinstance(value, float) else str(value)
        return text + (DAGGER if path in row[AT_END] else "")

    return cell

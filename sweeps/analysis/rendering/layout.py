"""Which columns a table for people has, and how their cells are worded; shared by all formats."""

import itertools
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, Literal

from cifar_models.costs import Cost
from sweeps.analysis.captions import DAGGER, uncorrected
from sweeps.analysis.measure import HOLE, Measure, find_measure
from sweeps.analysis.table import Table
from sweeps.analysis.wide import Wide

STATUS, FINISHED = "status", "finished"
Tone = Literal["gain", "loss", "open"]


@dataclass(frozen=True)
class Column:
    """A column's head, how it reads a row of ``Table.frame``, and whether it shows its tone."""

    title: str
    cell: Callable[[Any], str]
    unit: str = ""
    align: Literal["left", "right"] = "right"
    toned: bool = False

    @property
    def head(self) -> str:
        """Title and unit on one line."""
        return f"{self.title} ({self.unit})" if self.unit else self.title


@dataclass(frozen=True)
class Line:
    """One level: its cells in the order of the columns, and what became of its difference."""

    cells: tuple[str, ...]
    baseline: bool
    tone: Tone


@dataclass(frozen=True)
class Group:
    """The levels of one factor."""

    factor: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Layout:
    """Columns and, by factor, the lines below them."""

    columns: tuple[Column, ...]
    groups: tuple[Group, ...]


def lay_out(table: Table) -> Layout:
    """Word every cell of a table; a split without any value gets no column."""
    return _by_two(table, table.wide) if table.wide else by_factor(table, _columns(table))


def _by_two(table: Table, wide: Wide) -> Layout:
    """Word the means, one factor's levels in rows and another's in columns."""
    rows = {str(row.level): row for row in _rows(table) if row.factor == wide.factor}
    head = f"{wide.rows} \N{MULTIPLICATION SIGN} {wide.columns}"
    columns = (Column(head, str, align="left"), *(Column(name, str) for name in wide.column_levels))
    groups = []
    for grid, placed in wide.grids.items():
        lines = (
            Line((name, *(_marked(rows[level], table) for level in levels)), False, "open")
            for name, levels in zip(wide.row_levels, placed, strict=True)
        )
        groups.append(Group(grid, tuple(lines)))
    return Layout(columns, tuple(groups))


def by_factor(table: Table, columns: tuple[Column, ...]) -> Layout:
    """Word the cells of some columns, the levels grouped by factor."""
    groups = [
        Group(factor, tuple(_line(row, columns, table.measure) for row in rows))
        for factor, rows in itertools.groupby(_rows(table), key=lambda row: str(row.factor))
    ]
    return Layout(columns, tuple(groups))


def level_column(table: Table) -> Column:
    """Return the first column, which names the level."""
    factors = table.frame["factor"].unique()
    return Column(factors[0] if len(factors) == 1 else "level", _level, align="left")


def _rows(table: Table) -> Iterable[Any]:
    """Give the rows with None for NA, which has no truth value, and a mark on uncorrected ones."""
    frame = table.frame.assign(uncorrected=uncorrected(table.frame))
    for name in ("resolved", "equal", "best", "rank", "parameters", "seeds_for_margin"):
        frame[name] = frame[name].astype(object).where(frame[name].notna(), None)
    rows = frame.to_dict("records")  # tuples would rename columns that are no words of Python
    return (SimpleNamespace(**{str(name): cell for name, cell in row.items()}) for row in rows)


def _line(row: Any, columns: Sequence[Column], measure: Measure) -> Line:
    cells = tuple(column.cell(row) for column in columns)
    return Line(cells, bool(row.baseline), _tone(row, measure))


def _columns(table: Table) -> tuple[Column, ...]:
    """List the columns of a table, the first names the level; what nobody measured has none."""
    measure = table.measure
    splits = [name for name in ("validation", "test") if table.frame[f"{name}_mean"].notna().any()]
    f1 = find_measure("macro_f1")
    beside = {
        "macro_f1": Column(f1.title, lambda row: f1.text(row.macro_f1), f1.unit),
        "parameters": Column("parameters", lambda row: integer(row.parameters)),
        "seconds": Column("time", lambda row: amount(row.seconds), "s/trial"),
    }
    return (
        level_column(table),
        Column("n", _seeds),
        *(Column(name, _spread(name, measure), measure.unit) for name in splits),
        *(_of_spread(table) if table.by_source else _of_differences(table)),
        *(column for name, column in beside.items() if table.frame[name].notna().any()),
        *(Column(cost.title, _cost(cost), cost.unit) for cost in table.costs),
        Column(STATUS, lambda row: row.status, align="left"),
    )


def _of_differences(table: Table) -> tuple[Column, ...]:
    """List what compares means."""
    measure, delta = table.measure, f"\N{GREEK CAPITAL LETTER DELTA} {table.split}"
    points = measure.difference_unit
    return (
        Column(delta, lambda row: measure.signed(row.difference), points, toned=True),
        Column("95 % interval", _interval(measure), toned=True),
        Column("p", lambda row: p_value(row.p_holm), "Holm"),
        Column("resolved", _resolved(table.margin), align="left"),
        Column("rank", _rank, align="left"),
    )


def _of_spread(table: Table) -> tuple[Column, ...]:
    """List what is said of standard deviations, where levels are sources of variation."""
    measure, sd = table.measure, f"{table.split}_sd"
    return (
        Column(
            f"sd {table.split}", lambda row: measure.text(getattr(row, sd)), measure.difference_unit
        ),
        Column("95 % interval", lambda row: ends(row.sd_low, row.sd_high, measure.text)),
        Column("share", lambda row: percent(row.share), "%"),
    )


def percent(part: float) -> str:
    """Word a part of a whole in percent, or a hole."""
    return HOLE if math.isnan(part) else f"{part * 100:.0f}"


def _tone(row: Any, measure: Measure) -> Tone:
    if not row.resolved or row.uncorrected:
        return "open"
    return "gain" if (row.difference > 0) == measure.higher_is_better else "loss"


def _level(row: Any) -> str:
    return f"{row.level} (baseline)" if row.baseline else str(row.level)


def _seeds(row: Any) -> str:
    return str(row.seeds) if row.completed == row.seeds else f"{row.completed}/{row.seeds}"


def _spread(split: str, measure: Measure) -> Callable[[Any], str]:
    return lambda row: spread(*_mean_and_sd(row, split), measure)


def spread(mean: float, deviation: float, measure: Measure) -> str:
    """Word a mean with its standard deviation, if there is one."""
    if math.isnan(deviation):
        return measure.text(mean)
    return f"{measure.text(mean)} \N{PLUS-MINUS SIGN} {measure.text(deviation)}"


def cell_text(mean: float, deviation: float, completed: int, seeds: int, measure: Measure) -> str:
    """Word a cell of two factors, and how many of its seeds there are if not all."""
    if not completed:
        return HOLE
    part = "" if completed == seeds else f" ({completed} of {seeds})"
    return spread(mean, deviation, measure) + part


def _mean_and_sd(row: Any, split: str) -> tuple[float, float]:
    return getattr(row, f"{split}_mean"), getattr(row, f"{split}_sd")


def _marked(row: Any, table: Table) -> str:
    """Word a cell, marked if it may be the best."""
    mean, deviation = _mean_and_sd(row, table.split)
    text = cell_text(mean, deviation, row.completed, row.seeds, table.measure)
    return f"{text}*" if row.best else text


def _interval(measure: Measure) -> Callable[[Any], str]:
    return lambda row: ends(row.low, row.high, measure.signed)


def ends(low: float, high: float, text: Callable[[float], str]) -> str:
    """Word an interval, or a hole."""
    return HOLE if math.isnan(low) else f"[{text(low)}, {text(high)}]"


def p_value(p: float) -> str:
    """Word a p-value."""
    if math.isnan(p):
        return HOLE
    return "<0.001" if p < 0.001 else f"{p:.3f}"


def _resolved(margin: float | None) -> Callable[[Any], str]:
    def cell(row: Any) -> str:
        if row.resolved is None:
            return HOLE
        resolved = f"yes{DAGGER if row.uncorrected else ''}" if row.resolved else "no"
        if not row.equal:
            return resolved
        within = f"within \N{PLUS-MINUS SIGN}{margin:g}"
        return f"{resolved}, but {within}" if row.resolved else f"equal {within}"

    return cell


def _rank(row: Any) -> str:
    return f"{integer(row.rank)}{'*' if row.best else ''}"


def integer(number: int | None) -> str:
    """Word a number of things, or a hole."""
    return HOLE if number is None else f"{number:,}"


def _cost(cost: Cost) -> Callable[[Any], str]:
    def cell(row: Any) -> str:
        mean, having = getattr(row, cost.column), getattr(row, f"{cost.column}_n")
        if row.completed == 0:
            return HOLE
        if having == 0:
            return cost.absent
        part = "" if having == row.completed else f" ({having} of {row.completed})"
        return amount(mean * cost.scale) + part

    return cell


def amount(number: float) -> str:
    """Word a number of seconds or the like: a decimal below a hundred."""
    if math.isnan(number):
        return HOLE
    return f"{number:.1f}" if number < 100 else f"{number:,.0f}"

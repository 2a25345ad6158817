"""Ours beside what was printed, for terminals, in Markdown and as CSV."""

import itertools
from collections.abc import Callable, Iterator
from typing import Any

from rich.text import Text

from sweeps.analysis.claims import Found, Judgement
from sweeps.analysis.measure import HOLE, Measure
from sweeps.analysis.quantity import find_quantity
from sweeps.analysis.rendering.layout import Column, Group, Layout, Line
from sweeps.analysis.rendering.markdown import escape, grid
from sweeps.analysis.rendering.terminal import draw
from sweeps.analysis.reproduction import Budget, Reproduction, Row

DIRECTIONS = {True: "as claimed", False: "not as claimed", None: "unknown"}
_READING = "Difference: ours minus printed."
_CLAIMS = {
    "full": "Of a claim: by how much it is met, with the 95 % t interval, paired by seed.",
    "quick": "Of a claim: by how much it is met.",
}


def terminal(found: Reproduction, width: int | None = None) -> str:
    """Write a comparison for a terminal."""
    below = [Text("".join(line)) for line in _claim_lines(found, "", "  ")]
    below += [Text("")] if found.claims else []
    below += [Text(_caption(found))]
    below += [Text(f"\N{BULLET} {note}") for note in found.notes]
    return draw(_title(found), lay_out(found), below, width)


def markdown(found: Reproduction) -> str:
    """Write a comparison in Markdown."""
    lines = [f"**{escape(_title(found))}**", "", *grid(lay_out(found)), ""]
    lines += [f"{mark}{escape(text)}" for mark, text in _claim_lines(found, "- ", "  - ")]
    lines += [""] if found.claims else []
    lines += [escape(_caption(found)), ""]
    lines += [f"- {escape(note)}" for note in found.notes]
    return "\n".join(lines) + "\n"


def tidy(found: Reproduction) -> str:
    """Write the rows as CSV at full precision, each preceded by id and budget."""
    frame = found.frame
    frame.insert(0, "id", found.id)
    frame.insert(1, "budget", found.budget)
    return frame.to_csv(index=False, lineterminator="\n")


FORMATS: dict[str, Callable[[Reproduction], str]] = {
    "md": markdown,
    "csv": tidy,
    "json": lambda found: found.model_dump_json(indent=1) + "\n",
}


def lay_out(found: Reproduction) -> Layout:
    """Word every cell, by quantity and level."""
    rows = sorted(found.rows, key=_order(found))
    groups = [
        (find_quantity(name).measure, list(members))
        for name, members in itertools.groupby(rows, key=lambda row: row.quantity)
    ]
    alone = groups[0][0] if len(groups) == 1 else None
    columns = _columns(found, alone)
    return Layout(
        columns,
        tuple(
            Group(
                f"{measure.title} ({measure.unit})" if measure.unit else measure.title,
                tuple(_line(row, measure, columns) for row in members),
            )
            for measure, members in groups
        ),
    )


def _order(found: Reproduction) -> Callable[[Row], int]:
    names = list(dict.fromkeys(row.quantity for row in found.rows))
    return lambda row: names.index(row.quantity)


def _columns(found: Reproduction, alone: Measure | None) -> tuple[Column, ...]:
    """List the columns; their units stand beside the quantity where there are several."""
    unit, points = (alone.unit, alone.difference_unit) if alone else ("", "")
    quantity = alone.title if alone else ""
    return (
        Column(found.rows[0].factor if found.rows else "level", _level, align="left"),
        Column("n", lambda cell: _seeds(cell[0])),
        Column(f"printed {quantity}".strip(), lambda cell: _number(cell[0].printed, cell[1]), unit),
        Column("ours", lambda cell: _spread(*cell), unit),
        Column("difference", lambda cell: _signed(cell[0].difference, cell[1]), points),
        Column("status", lambda cell: cell[0].status, align="left"),
    )


def _line(row: Row, measure: Measure, columns: tuple[Column, ...]) -> Line:
    return Line(tuple(column.cell((row, measure)) for column in columns), row.baseline, "open")


def _level(cell: Any) -> str:
    row: Row = cell[0]
    return f"{row.level} (baseline)" if row.baseline else row.level


def _seeds(row: Row) -> str:
    return str(row.seeds) if row.n == row.seeds else f"{row.n}/{row.seeds}"


def _number(value: float | None, measure: Measure) -> str:
    return HOLE if value is None else measure.text(value)


def _signed(value: float | None, measure: Measure) -> str:
    return HOLE if value is None else measure.signed(value)


def _spread(row: Row, measure: Measure) -> str:
    if row.sd is None:
        return _number(row.mean, measure)
    return f"{_number(row.mean, measure)} \N{PLUS-MINUS SIGN} {_number(row.sd, measure)}"


def _title(found: Reproduction) -> str:
    where = f"Printed in report {found.id[0]}, {found.where}."
    return f"{found.id} ({found.budget} budget): {found.question} {where}"


def _caption(found: Reproduction) -> str:
    said = [found.caption, _READING, *([_CLAIMS[found.budget]] if found.claims else [])]
    return " ".join(said)


def _claim_lines(found: Reproduction, first: str, second: str) -> Iterator[tuple[str, str]]:
    """Yield a line a claim and a line a comparison of it, each after its mark."""
    for judgement in found.claims:
        yield first, f"claim {judgement.claim}: {fate(judgement, found)}"
        for finding in () if silent(judgement, found) else judgement.findings:
            yield second, ": ".join(_told(finding, found.budget))


def fate(judgement: Judgement, found: Reproduction) -> str:
    """Say what became of a claim: with the quick budget its direction, and no verdict."""
    if silent(judgement, found):
        few = judgement.relative and f": {found.steps} steps are too few"
        return f"the full budget tells{few or ''}"
    if found.budget == "quick":
        return f"{DIRECTIONS[judgement.direction]} (direction only)"
    if judgement.verdict == "undecided":
        return f"undecided at n = {max((row.seeds for row in found.rows), default=0)}"
    return judgement.verdict


def silent(judgement: Judgement, found: Reproduction) -> bool:
    """Whether a cut budget tells nothing of a claim."""
    return found.budget == "quick" and (found.hardly_begun or not judgement.relative)


def _told(finding: Found, budget: Budget) -> Iterator[str]:
    """Yield what was compared, the difference, and what came of it."""
    yield finding.text
    if finding.mean is not None and finding.measure:
        measure = find_quantity(finding.measure).measure
        words = [measure.signed(finding.mean), measure.difference_unit]
        if finding.low is not None and finding.high is not None and budget == "full":
            words.append(f"[{measure.signed(finding.low)}, {measure.signed(finding.high)}]")
        yield " ".join(word for word in words if word)
    yield finding.verdict if budget == "full" else DIRECTIONS[finding.direction]

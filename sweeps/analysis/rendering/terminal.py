"""The table for a terminal of any width: columns that do not fit continue below."""

import io
import shutil
from collections.abc import Iterable

from rich import box
from rich.cells import cell_len
from rich.console import Console, Group
from rich.table import Table as Grid
from rich.text import Text

from sweeps.analysis.rendering.blocks import blocks
from sweeps.analysis.rendering.layout import Layout, Line, lay_out
from sweeps.analysis.table import Table

# The rule under the head, and a space between columns: with the padding of one, a gap of two.
BOX = box.SIMPLE_HEAD
GAP = 2
LEVEL_WIDTH = 32
TONES = {"gain": "green", "loss": "red", "open": ""}


def terminal(table: Table, width: int | None = None) -> str:
    """Write a table for a terminal, in colour where standard output shows it.

    Args:
        table: what to write.
        width: columns of the terminal; by default ``COLUMNS``, the terminal's own, or 120.
    """
    below = [
        Text(table.caption, style="yellow" if table.interim else ""),
        *(Text(f"\N{BULLET} {note}") for note in table.footnotes),
    ]
    grids = [
        (table.title, lay_out(table), ""),
        *((block.title, block.layout, block.note) for block in blocks(table, brief=True)),
    ]
    written = ""
    for number, (title, layout, note) in enumerate(grids, 1):
        paragraphs = [Text(f"{note}\n")] if note else []
        written += draw(
            title, layout, [*paragraphs, *(below if number == len(grids) else ())], width
        )
    return written


def draw(title: str, layout: Layout, below: Iterable[Text], width: int | None = None) -> str:
    """Write a layout for a terminal, with a title above and paragraphs below it."""
    width = width or shutil.get_terminal_size((120, 24)).columns
    stdout = Console()
    colour = stdout.is_terminal and not stdout.no_color
    console = Console(file=io.StringIO(), width=width, force_terminal=colour, no_color=not colour)
    grids = (_grid(layout, chosen) for chosen in _blocks(layout, width))
    console.print(Group(Text(title, style="bold"), "", *grids, *below))
    assert isinstance(console.file, io.StringIO)
    lines = console.file.getvalue().splitlines()
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _blocks(layout: Layout, width: int) -> list[list[int]]:
    """Distribute the columns over as many blocks as the width needs, the level in each."""
    widths = _widths(layout)
    blocks = [[0]]
    used = widths[0]
    for index in range(1, len(widths)):
        if used + GAP + widths[index] > width and len(blocks[-1]) > 1:
            blocks.append([0])
            used = widths[0]
        blocks[-1].append(index)
        used += GAP + widths[index]
    return blocks


def _widths(layout: Layout) -> list[int]:
    """Measure each column: its widest cell or head, the first within bounds."""
    lines = [line for group in layout.groups for line in group.lines]
    indent = 2 if len(layout.groups) > 1 else 0
    widths = [
        max(
            cell_len(column.title),
            cell_len(column.unit) + 2,
            *(cell_len(line.cells[index]) for line in lines),
        )
        for index, column in enumerate(layout.columns)
    ]
    factors = [cell_len(group.factor) for group in layout.groups if indent]
    return [min(max(widths[0] + indent, *factors, 0), LEVEL_WIDTH), *widths[1:]]


def _grid(layout: Layout, chosen: list[int]) -> Grid:
    """Draw one block."""
    grid = Grid(box=BOX, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    widths = _widths(layout)
    for index in chosen:
        column = layout.columns[index]
        head = f"{column.title}\n({column.unit})" if column.unit else column.title
        grid.add_column(head, justify=column.align, width=widths[index], overflow="fold")
    several = len(layout.groups) > 1
    for group in layout.groups:
        if several:
            grid.add_row(Text(group.factor, style="italic"))
        for line in group.lines:
            grid.add_row(*_cells(line, layout, chosen))
        grid.add_row()
    return grid


def _cells(line: Line, layout: Layout, chosen: list[int]) -> list[Text]:
    """Style one line: the baseline bold, a corrected difference in the colour of its sign."""
    indent = "  " if len(layout.groups) > 1 else ""
    tone = TONES[line.tone]
    style = "bold" if line.baseline else ""
    first, *rest = chosen
    return [
        Text(indent + line.cells[first], style=style),
        *(Text(line.cells[i], style=tone if layout.columns[i].toned else style) for i in rest),
    ]

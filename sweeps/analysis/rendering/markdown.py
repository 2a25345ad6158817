"""The table in GitHub's Markdown."""

import re

from sweeps.analysis.rendering.blocks import blocks
from sweeps.analysis.rendering.layout import Layout, lay_out
from sweeps.analysis.table import Table

SPECIAL = re.compile(r"[\\`*|<>\[\]]|(?<![^\W_])_|_(?![^\W_])")


def markdown(table: Table) -> str:
    """Write a table in Markdown: title, table, caption, further grids, footnotes."""
    lines = [
        f"**{escape(table.title)}**",
        "",
        *grid(lay_out(table)),
        "",
        escape(table.caption),
    ]
    for block in blocks(table):
        lines += ["", f"**{escape(block.title)}**", "", *grid(block.layout)]
        lines += ["", escape(block.note)] if block.note else []
    if table.footnotes:
        lines += ["", *(f"- {escape(note)}" for note in table.footnotes)]
    return "\n".join(lines) + "\n"


def grid(layout: Layout) -> list[str]:
    """Write the lines of a layout: heads, alignment, rows."""
    rows = [
        [escape(column.head) for column in layout.columns],
        ["---:" if column.align == "right" else ":---" for column in layout.columns],
    ]
    for group in layout.groups:
        if len(layout.groups) > 1:
            rows.append([f"**{escape(group.factor)}**"] + [""] * (len(layout.columns) - 1))
        rows += [[escape(cell) for cell in line.cells] for line in group.lines]
    return [f"| {' | '.join(row)} |" for row in rows]


def escape(text: str) -> str:
    """Escape what Markdown would read as markup; an underscore inside a word is none."""
    return SPECIAL.sub(lambda found: "\\" + found[0], " ".join(text.split()))

"""The table as one HTML page that needs nothing else."""

from html import escape

from sweeps.analysis.rendering.blocks import Block, blocks
from sweeps.analysis.rendering.layout import Group, Layout, Line, lay_out
from sweeps.analysis.table import Table

STYLE = """
:root { color-scheme: light dark; }
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 80rem;
  padding: 0 1rem; }
figure { margin: 0; overflow-x: auto; }
figcaption { max-width: 65rem; margin-top: 1rem; }
h1 { font-size: 1.2rem; }
h2 { font-size: 1rem; }
ul { max-width: 65rem; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; white-space: nowrap; }
th, td { padding: .3rem .7rem; text-align: right; font-weight: inherit; }
th.left, td.left, th[scope] { text-align: left; }
thead th { border-bottom: 2px solid; font-weight: 600; vertical-align: bottom; text-align: right; }
tbody + tbody { border-top: 1px solid gray; }
tbody tr:hover { background: color-mix(in srgb, currentColor 8%, transparent); }
.factor th { font-style: italic; }
.baseline { font-weight: 600; }
.gain { color: light-dark(#00694c, #4fd1a5); }
.loss { color: light-dark(#a63c00, #ff9d66); }
"""


def webpage(table: Table) -> str:
    """Write a table as a page that opens from disk, in light and dark."""
    layout = lay_out(table)
    notes = "".join(f"<li>{escape(note)}</li>\n" for note in table.footnotes)
    further = "".join(_block(block) for block in blocks(table))
    return f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{escape(table.study)}</title>
<style>{STYLE}</style>
<figure>
<h1>{escape(table.title)}</h1>
{_grid(layout)}
<figcaption>{escape(table.caption)}</figcaption>
</figure>
{further}<ul>
{notes}</ul>
</html>
"""


def _block(block: Block) -> str:
    note = f"<figcaption>{escape(block.note)}</figcaption>\n" if block.note else ""
    return f"<figure>\n<h2>{escape(block.title)}</h2>\n{_grid(block.layout)}\n{note}</figure>\n"


def _grid(layout: Layout) -> str:
    body = "".join(_group(group, layout) for group in layout.groups)
    return f"<table>\n<thead><tr>{_heads(layout)}</tr></thead>\n{body}</table>"


def _heads(layout: Layout) -> str:
    return "".join(
        f'<th class="{column.align}">{escape(column.title)}'
        + (f"<br>({escape(column.unit)})" if column.unit else "")
        + "</th>"
        for column in layout.columns
    )


def _group(group: Group, layout: Layout) -> str:
    head = ""
    if len(layout.groups) > 1:
        span = len(layout.columns)
        name = f'<th colspan="{span}" scope="rowgroup">{escape(group.factor)}</th>'
        head = f'<tr class="factor">{name}</tr>\n'
    rows = "".join(_row(line, layout) for line in group.lines)
    return f"<tbody>\n{head}{rows}</tbody>\n"


def _row(line: Line, layout: Layout) -> str:
    first, *rest = line.cells
    cells = "".join(
        f'<td class="{column.align} {line.tone if column.toned else ""}">{escape(cell)}</td>'
        for column, cell in zip(layout.columns[1:], rest, strict=True)
    )
    name = f'<th scope="row">{escape(first)}</th>'
    return f'<tr class="{"baseline" if line.baseline else "level"}">{name}{cells}</tr>\n'

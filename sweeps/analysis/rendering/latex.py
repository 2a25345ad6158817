r"""The table in LaTeX with booktabs; nothing else than ``\usepackage{booktabs}`` is needed."""

import re
from collections.abc import Iterable
from dataclasses import replace

from sweeps.analysis.measure import MINUS
from sweeps.analysis.rendering.blocks import blocks
from sweeps.analysis.rendering.layout import FINISHED, STATUS, Group, Layout, Line, lay_out
from sweeps.analysis.table import Table

SPECIAL = {
    **{character: f"\\{character}" for character in "&%$#_{}"},
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': "''",
    "*": "{*}",
    "[": "{[}",
    "]": "{]}",
    MINUS: "$-$",
    "\N{PLUS-MINUS SIGN}": r"$\pm$",
    "\N{GREEK CAPITAL LETTER DELTA}": r"$\Delta$",
    "\N{MULTIPLICATION SIGN}": r"$\times$",
    "\N{EN DASH}": "--",
    "\N{DAGGER}": r"\textdagger{}",
}

GAP, LETTER, PAGE, COLUMN = 1.75, 4.25, 469, 229
"""Points: space beside a column; a digit in footnotesize; the text of a page in two columns; one
of them."""
TOO_WIDE = (
    "% about {points} points wide, the text of an article in two columns has {page}: exchange rows "
    "and columns, show fewer levels, or turn it (package rotating, sidewaystable*)"
)


def latex(table: Table) -> str:
    """Write a table as a LaTeX float, further grids as others.

    A float is over one column of the text where it fits into one, else over both.
    """
    label = f"tab:{re.sub('[^a-zA-Z0-9]+', '-', table.study)}"
    layout = _without_what_is_usual(lay_out(table))
    floats = [
        r"% needs \usepackage{booktabs}",
        *_float(layout, f"{table.title} {table.caption}", label, table.footnotes),
    ]
    for block in blocks(table):
        caption = f"{table.study}: {block.title[0].lower()}{block.title[1:]}. {block.note}".strip()
        floats += ["", *_float(block.layout, caption, f"{label}-{block.name}", ())]
    return "\n".join([*floats, ""])


def _without_what_is_usual(layout: Layout) -> Layout:
    """Leave the status out where all are finished: a page is narrow."""
    places = [
        place
        for place, column in enumerate(layout.columns)
        if column.title != STATUS
        or any(line.cells[place] != FINISHED for group in layout.groups for line in group.lines)
    ]
    return Layout(
        tuple(layout.columns[place] for place in places),
        tuple(
            Group(
                group.factor,
                tuple(
                    replace(line, cells=tuple(line.cells[place] for place in places))
                    for line in group.lines
                ),
            )
            for group in layout.groups
        ),
    )


def _float(layout: Layout, caption: str, label: str, notes: Iterable[str]) -> list[str]:
    width = len(layout.columns)
    points = _points(layout)
    heads = " & ".join(escape(column.title) for column in layout.columns)
    units = [f"({escape(column.unit)})" if column.unit else "" for column in layout.columns]
    body = [r"\toprule", rf"{heads} \\", *([rf"{' & '.join(units)} \\"] if any(units) else [])]
    for group in layout.groups:
        body.append(r"\midrule")
        if len(layout.groups) > 1:
            name = rf"\textit{{{escape(group.factor)}}}"
            body.append(rf"\multicolumn{{{width}}}{{@{{}}l}}{{{name}}} \\")
        body += [_row(line) for line in group.lines]
    body.append(r"\bottomrule")
    environment = "table" if points <= COLUMN else "table*"
    align = "".join(column.align[0] for column in layout.columns)
    return [
        *([TOO_WIDE.format(points=points, page=PAGE)] if points > PAGE else []),
        rf"\begin{{{environment}}}",
        r"\centering",
        rf"\caption{{{escape(caption)}}}",
        rf"\label{{{label}}}",
        r"\footnotesize",
        rf"\setlength{{\tabcolsep}}{{{GAP}pt}}",
        rf"\begin{{tabular}}{{@{{}}{align}@{{}}}}",
        *body,
        r"\end{tabular}",
        *(rf"\par\smallskip {escape(note)}" for note in notes),
        rf"\end{{{environment}}}",
    ]


def _points(layout: Layout) -> int:
    """Estimate the width of a tabular from its longest cells, in points."""
    lines = [line.cells for group in layout.groups for line in group.lines]
    heads = [column.title for column in layout.columns]
    letters = (max(map(len, column)) for column in zip(heads, *lines, strict=True))
    return round(LETTER * sum(letters) + 2 * GAP * (len(heads) - 1))


def escape(text: str) -> str:
    """Escape every character that LaTeX would not print as it stands."""
    return "".join(SPECIAL.get(character, character) for character in text)


def _row(line: Line) -> str:
    return " & ".join(escape(cell) for cell in line.cells) + r" \\"

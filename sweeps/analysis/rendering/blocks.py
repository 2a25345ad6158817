"""What stands below the main grid of a table, in the order in which all formats show it."""

from collections.abc import Iterator
from dataclasses import dataclass

from sweeps.analysis.rendering.details import TITLE as DETAILS
from sweeps.analysis.rendering.details import details_note, lay_out_details
from sweeps.analysis.rendering.layout import Layout
from sweeps.analysis.rendering.ledger import TITLE as LEDGER
from sweeps.analysis.rendering.ledger import lay_out_ledger
from sweeps.analysis.rendering.two_way import lay_out_two_way, two_way_note, two_way_title
from sweeps.analysis.table import Table


@dataclass(frozen=True)
class Block:
    """A further grid.

    Attributes:
        name: a word for labels.
        title: what stands above it.
        layout: its cells.
        note: what stands below it; "" for nothing.
    """

    name: str
    title: str
    layout: Layout
    note: str = ""


def blocks(table: Table, *, brief: bool = False) -> Iterator[Block]:
    """Yield the further grids of a table.

    Args:
        table: whose.
        brief: leave out what only stands behind the verdicts.
    """
    if table.grid is not None:
        layout = lay_out_two_way(table, table.grid)
        yield Block("grid", two_way_title(table, table.grid), layout, two_way_note(table.grid))
    if not table.ledger.empty:
        yield Block("tuning", LEDGER, lay_out_ledger(table))
    if table.frame["p"].notna().any() and not brief and table.wide is None:
        yield Block("tests", DETAILS, lay_out_details(table), details_note(table))

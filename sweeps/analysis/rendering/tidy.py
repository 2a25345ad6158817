"""The table for machines: CSV, one row a level, numbers at full precision."""

from sweeps.analysis.ledger import SUMS
from sweeps.analysis.table import Table


def tidy(table: Table) -> str:
    """Write ``Table.frame`` as CSV, each row preceded by study, measure, split and interim.

    Fractions are not percent, holes are empty, and reading the floats back gives the same bits. The
    columns of a ledger begin with ``tuning_`` or ``tuned/``. A table by two factors has their
    `wide_frame` instead.
    """
    frame = table.shown.copy()
    if not table.ledger.empty and table.wide is None:
        given = table.ledger.rename(columns={name: f"tuning_{name}" for name in SUMS})
        frame = frame.merge(given, on=["factor", "level"], how="left", validate="1:1")
    frame.insert(0, "study", table.study)
    frame.insert(1, "measure", table.measure.name)
    frame.insert(2, "split", table.split)
    frame.insert(3, "interim", table.interim)
    return frame.to_csv(index=False, lineterminator="\n")

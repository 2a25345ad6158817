"""Standard deviations over seeds by source of variation, with their intervals."""

import pandas as pd
from matplotlib.figure import Figure

from sweeps.analysis.plot.style import BASELINE, COLOURS, WIDTH, plain, without_data
from sweeps.analysis.table import Table
from sweeps.analysis.variance import ordered


def spread_rows(table: Table) -> pd.DataFrame:
    """List what is drawn, top to bottom: all sources, then each alone, the largest first.

    Returns:
        Columns ``level``, ``sd``, ``low``, ``high``, in printed units; intervals may be holes.
    """
    frame, scale = table.frame, table.measure.scale
    rows = pd.concat([frame[frame["baseline"].astype(bool)], ordered(frame)])
    numbers = {"sd": f"{table.split}_sd", "low": "sd_low", "high": "sd_high"}
    drawn = {name: rows[column] * scale for name, column in numbers.items()}
    return pd.DataFrame({"level": rows["level"], **drawn}).reset_index(drop=True)


def spread_plot(table: Table) -> Figure:
    """Draw the standard deviation of each source with its 95 % interval."""
    rows = spread_rows(table)
    figure = Figure(figsize=(WIDTH, 1.1 + 0.32 * len(rows)), layout="constrained")
    if rows["sd"].isna().all():
        return without_data(figure, "no level has all its seeds yet")
    axes = figure.subplots()
    axes.axvline(0.0, color=BASELINE, linewidth=1, zorder=0)
    axes.hlines(rows.index, rows["low"], rows["high"], color=COLOURS[0], linewidth=1.6)
    axes.plot(rows["sd"], rows.index, "o", color=COLOURS[0])
    axes.set_yticks(rows.index, [plain(level) for level in rows["level"]])
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.spines[["top", "right", "left"]].set_visible(False)
    unit = f" ({table.measure.difference_unit})" if table.measure.difference_unit else ""
    axes.set_xlabel(
        f"standard deviation of {table.split} {table.measure.title} over seeds{unit}, 95 % interval"
    )
    return figure

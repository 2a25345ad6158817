"""The forest plot: every level's difference to the baseline, with its interval."""

import math
from collections.abc import Iterator
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sweeps.analysis.plot.style import BASELINE, COLOURS, OPEN, WIDTH, plain, without_data
from sweeps.analysis.significance import ALPHA
from sweeps.analysis.table import Table


def difference_forest(table: Table) -> Figure:
    """Draw every level's difference to the baseline with its interval."""
    rows = forest_rows(table)
    figure = Figure(figsize=(WIDTH, 1.3 + 0.32 * len(rows)), layout="constrained")
    if rows["difference"].isna().all():
        return without_data(figure, "no difference to the baseline yet")
    axes = figure.subplots()
    axes.axvline(0.0, color=BASELINE, linewidth=1, zorder=0)
    for row in rows[~rows["heading"]].itertuples():
        _draw(axes, row)
    axes.set_yticks(rows["y"], [plain(label) for label in rows["label"]])
    for tick, heading in zip(axes.get_yticklabels(), rows["heading"], strict=True):
        tick.set_fontstyle("italic" if heading else "normal")
    axes.set_ylim(rows["y"].max() + 0.7, rows["y"].min() - 0.7)
    axes.tick_params(axis="y", length=0)
    axes.spines[["top", "right", "left"]].set_visible(False)
    unit = f" ({table.measure.difference_unit})" if table.measure.difference_unit else ""
    axes.set_xlabel(
        f"difference in {table.split} {table.measure.title} to the baseline{unit}\n"
        "95 % interval, paired by seed; bold: excludes zero; filled: also adjusted p < 0.05"
    )
    return figure


def forest_rows(table: Table) -> pd.DataFrame:
    """List what the forest plot shows, top to bottom.

    Returns:
        Columns ``y`` (position), ``label``, ``heading`` (a factor's name, without numbers),
        ``difference``, ``low``, ``high`` (in printed units), ``resolved`` (the interval excludes
        zero), ``corrected`` (and Holm's p is below 0.05), ``text``.
    """
    return pd.DataFrame(
        list(_forest(table)),
        columns=[
            *("label", "heading", "difference", "low", "high"),
            *("resolved", "corrected", "text"),
        ],
    ).reset_index(names="y")


def _forest(table: Table) -> Iterator[tuple[str, bool, float, float, float, bool, bool, str]]:
    scale, measure = table.measure.scale, table.measure
    frame = table.frame.assign(found=table.frame["p_holm"] < ALPHA)
    baselines = frame[frame["baseline"]].set_index("factor")["level"]
    for factor, rows in frame[~frame["baseline"]].groupby("factor", sort=False):
        heading = f"{factor} (baseline {baselines[factor]})"
        yield heading, True, math.nan, math.nan, math.nan, False, False, ""
        row: Any
        for row in rows.itertuples():
            resolved = bool(row.low > 0 or row.high < 0)
            detail = f"[{measure.signed(row.low)}, {measure.signed(row.high)}]"
            if math.isnan(row.low):
                detail = f"({'no interval' if row.status == 'finished' else row.status})"
            yield (
                *(str(row.level), False),
                *(row.difference * scale, row.low * scale, row.high * scale),
                *(resolved, resolved and bool(row.found)),
                f"{measure.signed(row.difference)}  {detail}",
            )


def _draw(axes: Axes, row: Any) -> None:
    """Draw one line of the forest plot, its numbers to the right of the axes."""
    colour, width = (COLOURS[0], 2.8) if row.resolved else (OPEN, 1.2)
    ends = [row.low, row.high]
    axes.plot(ends, [row.y, row.y], color=colour, linewidth=width, solid_capstyle="butt")
    fill = colour if row.corrected else "white"
    axes.plot(row.difference, row.y, "o", color=colour, markerfacecolor=fill, markersize=6)
    axes.text(
        *(1.02, row.y, row.text),
        transform=axes.get_yaxis_transform(),
        va="center",
        fontsize="small",
    )

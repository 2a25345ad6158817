"""Numbers of each layer by depth, at the first, the middle and the last epoch."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from sweeps.analysis.plot.diagnostics.panels import (
    at_the_last_epoch,
    ended,
    epoch_look,
    grid,
    headings,
    levels,
    line_axes,
    number,
    three_epochs,
)


def by_depth(frame: pd.DataFrame, column: str) -> pd.DataFrame:
    """Return a level's numbers: a row a layer by depth, a column each of three epochs."""
    shown = frame[frame["epoch"].isin(three_epochs(frame))]
    return shown.pivot_table(index="depth", columns="epoch", values=column)


def layer_curves(frame: pd.DataFrame, columns: dict[str, str], *, log: bool = True) -> Figure:
    """Draw a panel a number (down) and level (across): the number by depth.

    Args:
        frame: one row a (level, epoch, layer), of one factor.
        columns: what is drawn, and how its axis is called.
        log: whether on a logarithmic scale; what is zero then has no point.
    """
    names = levels(frame)
    figure, axes = grid(len(columns), len(names))
    headings(axes, names)
    for row, (column, title) in enumerate(columns.items()):
        for place, level in enumerate(names):
            _draw(axes[row, place], frame[frame["level"] == level], column, log=log)
        axes[row, 0].set_ylabel(title, fontsize="small")
    axes[0, -1].legend(fontsize="x-small", frameon=False)
    figure.supxlabel("layer, from the input on", fontsize="small")
    return figure


def _draw(axes: Axes, frame: pd.DataFrame, column: str, *, log: bool) -> None:
    for place, (epoch, values) in enumerate(by_depth(frame, column).items()):
        colour, style = epoch_look(place)
        shown = values.where(values > 0) if log else values
        axes.plot(
            values.index, shown, style, color=colour, marker=".", markersize=4, linewidth=1.2,
            label=f"epoch {epoch}",
        )  # fmt: skip
    if log and (frame[column] > 0).any():
        axes.set_yscale("log")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))
    line_axes(axes)


def layer_words(frame: pd.DataFrame, column: str) -> str:
    """Say the number of the first and of the last layer at the last epoch, level by level."""
    told, last = [], at_the_last_epoch(frame).sort_values("depth")
    for level, name in ended(frame).items():
        values = last[last["level"] == level][column]
        told.append(f"{name} {number(values.iloc[0], '.2g')} and {number(values.iloc[-1], '.2g')}")
    return f"First and last layer, last epoch: {'; '.join(told)}."

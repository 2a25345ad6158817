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
from sweeps.analysis.plot.style import legend_outside


def by_depth(frame: pd.DataFrame, column: str, epochs: list[int]) -> pd.DataFrame:
    """Return a level's numbers: a row a layer by depth, a column each of the epochs it has."""
    shown = frame[frame["epoch"].isin(epochs)]
    return shown.pivot_table(index="depth", columns="epoch", values=column, dropna=False)


def layer_curves(frame: pd.DataFrame, columns: dict[str, str], *, log: bool = True) -> Figure:
    """Draw a panel a number (down) and level (across): the number by depth.

    Args:
        frame: one row a (level, epoch, layer), of one factor.
        columns: what is drawn, and how its axis is called.
        log: whether on a logarithmic scale; what is zero then has no point.
    """
    names, epochs = levels(frame), three_epochs(frame)
    figure, axes = grid(len(columns), len(names))
    headings(axes, names)
    for row, (column, title) in enumerate(columns.items()):
        for place, level in enumerate(names):
            _draw(axes[row, place], frame[frame["level"] == level], column, epochs, log=log)
        axes[row, 0].set_ylabel(title, fontsize="small")
    drawn = {line.get_label(): line for place in axes[0] for line in place.lines}
    handles = [drawn[_label(epoch)] for epoch in epochs]  # a level that ended early lacks some
    legend_outside(axes[0, -1], handles)
    figure.supxlabel("layer, from the input on", fontsize="small")
    return figure


def _draw(axes: Axes, frame: pd.DataFrame, column: str, epochs: list[int], *, log: bool) -> None:
    table = by_depth(frame, column, epochs)
    for epoch in (one for one in epochs if one in table):
        values = table[epoch]
        colour, style = epoch_look(epochs.index(epoch))
        shown = values.where(values > 0) if log else values
        axes.plot(
            values.index, shown, style, color=colour, marker=".", markersize=4, linewidth=1.2,
            label=_label(epoch),
        )  # fmt: skip
    if log and (frame[column] > 0).any():
        axes.set_yscale("log")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))
    line_axes(axes)


def _label(epoch: int) -> str:
    return f"epoch {epoch}"


def layer_words(frame: pd.DataFrame, column: str) -> str:
    """Say the number of the first and of the last layer at the last epoch, level by level."""
    told, last = [], at_the_last_epoch(frame).sort_values("depth")
    for level, name in ended(frame).items():
        values = last[last["level"] == level][column]
        told.append(f"{name} {number(values.iloc[0], '.2g')} and {number(values.iloc[-1], '.2g')}")
    return f"First and last layer, last epoch: {'; '.join(told)}."

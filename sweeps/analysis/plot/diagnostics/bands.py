"""What lies along the gradient, as bands by step; and bands over learning rates."""

from dataclasses import dataclass

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sweeps.analysis.plot.diagnostics.panels import grid, level_looks, levels, line_axes
from sweeps.analysis.plot.style import legend_outside, plain

RATE = "learning rate"
"""How a factor is called whose levels are learning rates: bands are over its levels."""
_BETWEEN = " x "
_WIDE = 50.0
"""From so large a ratio on, a scale is logarithmic."""


@dataclass(frozen=True)
class Banded:
    """A number with a band by step.

    Attributes:
        column: of the diagnostic's frame.
        title: of its axis.
        top: whether only the upper end of the band is drawn.
    """

    column: str
    title: str
    top: bool = False


def bands(frame: pd.DataFrame, column: str) -> pd.DataFrame:
    """Return ``low`` and ``high`` of a column over all rows of a (level, step)."""
    groups = frame.groupby(["level", "baseline", "step"], sort=False)[column]
    return groups.agg(low="min", high="max").reset_index()


def over_rates(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame whose levels are without their learning rate, where the factor has one.

    Levels of a crossed factor ``learning rate x norm``, ``0.001 x none`` and ``0.0001 x none``,
    become ``none``: its band is then over learning rates.
    """
    names = str(frame["factor"].iloc[0]).split(_BETWEEN)
    if RATE not in names or len(names) == 1:
        return frame
    place = names.index(RATE)

    def without(level: str) -> str:
        parts = level.split(_BETWEEN)
        return _BETWEEN.join(parts[:place] + parts[place + 1 :])

    found = frame.assign(level=frame["level"].map(without))
    first = found.groupby("level")["baseline"].transform("any")
    return found.assign(baseline=first)


def band_figure(frame: pd.DataFrame, shown: list[Banded]) -> Figure:
    """Draw a panel a number, levels over each other."""
    figure, axes = grid(len(shown), 1, height=2.6)
    for place, banded in zip(axes[:, 0], shown, strict=True):
        _draw(place, frame, banded)
    axes[-1, 0].set_xlabel("step", fontsize="small")
    return figure


def _draw(axes: Axes, frame: pd.DataFrame, banded: Banded) -> None:
    found, look = bands(frame, banded.column), level_looks(frame)
    lines = []
    for level in levels(frame):
        rows = found[found["level"] == level].sort_values("step")
        colour, style, _ = look[level]
        (line,) = axes.plot(rows["step"], rows["high"], style, color=colour, linewidth=1)
        if not banded.top:
            axes.plot(rows["step"], rows["low"], style, color=colour, linewidth=1)
            axes.fill_between(
                rows["step"], rows["low"], rows["high"], color=colour, alpha=0.25, linewidth=0
            )
        line.set_label(plain(level))
        lines.append(line)
    positive = found["high"][found["high"] > 0]
    if len(positive) and positive.max() > _WIDE * positive.min():
        axes.set_yscale("log")
    line_axes(axes)
    axes.set_ylabel(banded.title, fontsize="small")
    legend_outside(axes, lines)


def width_words(frame: pd.DataFrame, column: str) -> str:
    """Say how wide the bands are: the median over steps, level by level."""
    found = bands(frame, column)
    widths = (found["high"] - found["low"]).groupby(found["level"]).median()
    told = [f"{level} {widths[level]:.2g}" for level in levels(frame)]
    return f"Median width of the band over steps: {', '.join(told)}."


def top_words(frame: pd.DataFrame, column: str) -> str:
    """Say how high the upper ends are: the median over steps and the largest, level by level."""
    groups = bands(frame, column).groupby("level")["high"]
    middle, largest = groups.median(), groups.max()
    told = [f"{level} {middle[level]:.2g} ({largest[level]:.2g})" for level in levels(frame)]
    return f"Median over steps (and largest): {', '.join(told)}."

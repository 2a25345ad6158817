"""What lies along the gradient, as bands by step; and bands over learning rates."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sweeps.analysis.plot.diagnostics.panels import (
    Looks,
    grid,
    headings,
    level_looks,
    levels,
    line_axes,
    logarithmic_if_wide,
    number,
)
from sweeps.analysis.plot.style import legend_outside, plain

RATE = "learning rate"
"""How a factor is called whose levels are learning rates: bands are over its levels."""
_BETWEEN = " x "
_CEILING = 1.1
"""Times the largest finite number: where axes end that show a band without upper end."""


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
    """Return ``low`` and ``high`` of a column over all rows of a (level, step).

    What is not finite counts as infinite: such a band has no upper end. ``whole`` says whether as
    many rows are there as at any step: one that lacks a learning rate is narrower for that.
    """
    values = frame[column].where(np.isfinite(frame[column]), np.inf)
    groups = values.groupby([frame[key] for key in ("level", "baseline", "step")], sort=False)
    found = groups.agg(low="min", high="max", rows="size").reset_index()
    return found.assign(whole=found["rows"] == found["rows"].max())


def by_rate(frame: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return a frame of each learning rate, its levels named without it; else the frame alone.

    Levels of a crossed factor ``learning rate x norm``, ``0.001 x none`` and ``0.0001 x none``,
    become ``none`` of two rates. What has the baseline's name is the baseline of each.
    """
    names = str(frame["factor"].iloc[0]).split(_BETWEEN)
    if RATE not in names or len(names) == 1:
        return {"": frame}
    place = names.index(RATE)
    parts = frame["level"].str.split(_BETWEEN)
    rates = parts.str[place]
    others = parts.map(lambda every: _BETWEEN.join(every[:place] + every[place + 1 :]))
    found = frame.assign(level=others, baseline=frame["baseline"].groupby(others).transform("any"))
    return {f"{RATE} {rate}": found[rates == rate] for rate in rates.unique()}


def over_rates(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame whose levels are without their learning rate, where the factor has one."""
    parts = by_rate(frame)
    return frame if "" in parts else pd.concat(parts.values())


def band_figure(parts: Mapping[str, pd.DataFrame], shown: list[Banded]) -> Figure:
    """Draw the numbers (down) of each part (across, under its name), levels over each other."""
    figure, axes = grid(len(shown), len(parts), height=2.6)
    headings(axes, list(parts))
    look = level_looks(pd.concat(parts.values()))
    for row, banded in zip(axes, shown, strict=True):
        found = [bands(part, banded.column) for part in parts.values()]
        highs = pd.concat(found)["high"]
        finite = highs[np.isfinite(highs)]
        ceiling = _CEILING * finite.max() if len(finite) else 1.0
        for place, each in zip(row, found, strict=True):
            handles = _draw(place, each, look, ceiling, top=banded.top)
        logarithmic_if_wide(row[0], finite)
        if len(finite) < len(highs):
            row[0].set_ylim(top=ceiling)
        row[0].set_ylabel(banded.title, fontsize="small")
        legend_outside(row[-1], handles)
    for place in axes[-1]:
        place.set_xlabel("step", fontsize="small")
    return figure


def _draw(
    axes: Axes, found: pd.DataFrame, look: Looks, ceiling: float, *, top: bool
) -> list[Artist]:
    """Draw the bands of one panel, and return what its legend tells."""
    line_axes(axes)
    handles: list[Artist] = []
    for level, (colour, style, _) in look.items():
        rows = found[found["level"] == level].sort_values("step")
        for ends in (rows.where(rows["whole"]), rows.where(~rows["whole"])):  # with a gap between
            for end in ("high",) if top else ("high", "low"):
                axes.plot(rows["step"], ends[end], style, color=colour, linewidth=1)
        if not top:
            _fill(axes, rows, ceiling, colour)
        handles += axes.plot([], [], style, color=colour, linewidth=1, label=plain(str(level)))
    return handles


def _fill(axes: Axes, rows: pd.DataFrame, ceiling: float, colour: str) -> None:
    """Fill a band, to the ceiling where it has no upper end; hatch it where something lacks."""
    low, high = rows["low"].clip(upper=ceiling), rows["high"].clip(upper=ceiling)
    axes.fill_between(
        rows["step"], low, high, where=rows["whole"], color=colour, alpha=0.25, linewidth=0
    )
    if not rows["whole"].all():
        axes.fill_between(
            rows["step"], low, high, where=~rows["whole"], facecolor="none", edgecolor=colour,
            alpha=0.5, hatch="////", linewidth=0,
        )  # fmt: skip


def width_words(frame: pd.DataFrame, column: str) -> str:
    """Say how wide the bands are: the median over steps, level by level."""
    found = bands(frame, column)
    return _widths(found, levels(frame)) + _holes(found)


def top_words(frame: pd.DataFrame, column: str) -> str:
    """Say how high the upper ends are: the median over steps and the largest, level by level."""
    found = bands(frame, column)
    return _tops(found, levels(frame)) + _holes(found)


def _widths(found: pd.DataFrame, names: list[str]) -> str:
    whole = found[found["whole"]]
    widths = (whole["high"] - whole["low"]).fillna(np.inf).groupby(whole["level"]).median()
    told = [f"{level} {number(widths.get(level, np.nan), '.2g')}" for level in names]
    return f"Median width of the band over steps: {', '.join(told)}."


def _tops(found: pd.DataFrame, names: list[str]) -> str:
    groups = found[found["whole"]].groupby("level")["high"]
    ends = groups.agg(["median", "max"]).reindex(names)
    told = [
        f"{level} {number(middle, '.2g')} ({number(largest, '.2g')})"
        for level, middle, largest in ends.itertuples()
    ]
    return f"Median over steps (and largest): {', '.join(told)}."


def step_size_words(frame: pd.DataFrame) -> str:
    """Say which step sizes there are."""
    sizes = ", ".join(f"{size:g}" for size in sorted(frame["step_size"].unique()))
    return f"Step sizes, times the gradient: {sizes}."


def rate_words(frame: pd.DataFrame, columns: Mapping[str, str]) -> str:
    """Say how wide the bands over learning rates are, and how high, if there are any.

    Args:
        frame: of one factor.
        columns: titles by column.
    """
    merged = over_rates(frame)
    if merged is frame:
        return "A line a level: no learning rates are crossed with it, so there is no band."
    told = [_rate_words(merged, *each) for each in columns.items()]
    far = "A band over learning rates also holds how far each has got by a step."
    return " ".join([*told, far])


def _rate_words(merged: pd.DataFrame, column: str, title: str) -> str:
    found, names = bands(merged, column), levels(merged)
    upper = f"Of its upper end: {_tops(found, names)}"
    return f"Of the {title}: {_widths(found, names)} {upper}{_holes(found)}"


def _holes(found: pd.DataFrame) -> str:
    """Say at how many steps bands are open at the top, or lack something; "" if at none."""
    steps, told = found["step"].nunique(), ""
    groups = found.groupby("level", sort=False)
    endless = groups["high"].agg(lambda high: int(np.isinf(high).sum()))
    lacking = steps - groups["whole"].sum()
    for count, words in (
        (endless, "Not finite, and so without upper end"),
        (lacking, "Not all seen, so hatched and left out of the median"),
    ):
        where = [f"{level} at {n} of {steps} steps" for level, n in count.items() if n]
        told += f" {words}: {', '.join(where)}." if where else ""
    return told

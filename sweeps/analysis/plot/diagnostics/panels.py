"""What figures of diagnostics share: levels side by side."""

import math
from collections.abc import Hashable
from typing import Any, Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from sweeps.analysis.plot.style import COLOURS, STYLES, WIDTH, looks, open_axes, plain

PANEL = 1.9
"""Inches that a panel is high."""
_WIDE = 50.0
"""From so large a ratio on, a scale is logarithmic."""
_WRITTEN_OUT = 1e5
"""Large numbers below it are written without an exponent."""
Picture = NDArray[np.float64]
Looks = dict[Hashable, tuple[str, str, str]]
"""Colour, line style and marker of each level."""


def levels(frame: pd.DataFrame) -> list[str]:
    """Return the levels of a frame of one factor, in their order, the baseline first."""
    known = frame.drop_duplicates("level").sort_values("baseline", ascending=False, kind="stable")[
        "level"
    ]
    return [str(level) for level in known]


def level_looks(frame: pd.DataFrame) -> Looks:
    """Return colour, line style and marker of each level."""
    first = frame.drop_duplicates("level").set_index("level")["baseline"]
    return looks((level, bool(first[level])) for level in levels(frame))


def grid(
    rows: int, columns: int, height: float = PANEL, share: Literal["x", "y"] | None = "y"
) -> tuple[Figure, NDArray[Any]]:
    """Return a figure of so many panels, and its axes (rows, columns).

    Args:
        rows: down.
        columns: across.
        height: of a panel, in inches.
        share: which scale the panels of a row have in common.
    """
    width = max(WIDTH, 1.5 * columns)
    figure = Figure(figsize=(width, 0.5 + height * rows), layout="constrained")
    alike: dict[str, Any] = {f"share{share}": "row"} if share else {}
    axes = figure.subplots(rows, columns, squeeze=False, **alike)
    return figure, axes


def headings(axes: NDArray[Any], names: list[str]) -> None:
    """Write the levels' names over the columns."""
    for top, name in zip(axes[0], names, strict=True):
        top.set_title(plain(name), fontsize="small")


def pictures_only(axes: Axes) -> None:
    """Leave nothing but a picture in the axes."""
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_visible(False)


def line_axes(axes: Axes) -> None:
    """Make axes of lines plain."""
    open_axes(axes)
    axes.grid(axis="y", alpha=0.3)
    axes.tick_params(labelsize="x-small")


def logarithmic_if_wide(axes: Axes, values: "pd.Series[float]") -> None:
    """Choose the scale of what is drawn, so that the smallest positive numbers are seen too."""
    positive = values[values > 0]
    if len(positive) and positive.max() > _WIDE * positive.min():
        axes.set_yscale("log")


def at_the_last_epoch(frame: pd.DataFrame) -> pd.DataFrame:
    """Return each level's rows of its own last epoch."""
    return frame[frame["epoch"] == frame.groupby("level")["epoch"].transform("max")]


def ended(frame: pd.DataFrame) -> dict[str, str]:
    """Return the levels and how words call them: with their last epoch where it is not one."""
    last = frame.groupby("level")["epoch"].max()
    alike = last.nunique() == 1
    return {level: level if alike else f"{level} (epoch {last[level]})" for level in levels(frame)}


def split_words(frame: pd.DataFrame) -> str:
    """Say which images were looked at: ``validation images``, or ``training images``."""
    names = {"train": "training", "validation": "validation"}
    return " and ".join(names[split] for split in sorted(frame["split"].unique())) + " images"


def number(value: float, form: str, otherwise: str = "not finite") -> str:
    """Write a number, or in words that there is none; 140 rather than 1.4e+02."""
    if not math.isfinite(value):
        return otherwise
    told = format(value, form)
    return f"{float(told):.0f}" if "e+" in told and abs(float(told)) < _WRITTEN_OUT else told


def three_epochs(frame: pd.DataFrame) -> list[int]:
    """Return the first, the middle and the last epoch of a frame, or those that there are."""
    epochs = sorted(frame["epoch"].unique())
    return sorted({int(epochs[place]) for place in (0, len(epochs) // 2, -1)})


def epoch_look(number: int) -> tuple[str, str]:
    """Return colour and line style of the first, second or third epoch that is shown."""
    return COLOURS[number], STYLES[(number + 1) % len(STYLES)]


def mosaic(pictures: list[Picture], across: int) -> Picture:
    """Lay pictures of one size out in rows, a pixel of nothing (NaN) between them.

    Args:
        pictures: (H, W) or (H, W, 3) each; at least one.
        across: in a row.
    """
    height, width, *colours = pictures[0].shape
    down = -(-len(pictures) // across)
    across = min(across, len(pictures))
    sheet = np.full((down * (height + 1) - 1, across * (width + 1) - 1, *colours), np.nan)
    for number, picture in enumerate(pictures):
        y, x = (number // across) * (height + 1), (number % across) * (width + 1)
        sheet[y : y + height, x : x + width] = picture
    return sheet


def stretched(picture: Picture) -> Picture:
    """Return values moved to [0, 1]; a flat picture is 0.5, what is not finite NaN."""
    seen = np.where(np.isfinite(picture), picture, np.nan)
    low, high = np.fmin.reduce(seen, axis=None), np.fmax.reduce(seen, axis=None)
    return np.where(np.isnan(seen), np.nan, 0.5) if high == low else (seen - low) / (high - low)


def paper(sheet: Picture) -> Picture:
    """Return a coloured mosaic whose gaps are see-through: (H, W, 4)."""
    seen = ~np.isnan(sheet).any(axis=-1, keepdims=True)
    return np.concatenate([np.nan_to_num(sheet), seen.astype(np.float64)], axis=-1)

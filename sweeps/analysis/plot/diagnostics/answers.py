"""What trained networks answer: confusion matrices and calibration."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import NDArray

from sweeps.analysis.plot.diagnostics.panels import (
    grid,
    headings,
    level_looks,
    levels,
    line_axes,
    split_words,
)
from sweeps.analysis.plot.style import OPEN, legend_outside, plain

_MOST_NAMED = 40
"""Classes of all matrices side by side: names of more do not fit."""
_LETTERS = 12
"""Of a name beside a matrix."""
_AREA = 600.0
"""Square points of what holds all images."""


def classes_of(frame: pd.DataFrame) -> list[Any]:
    """Return all classes by name; without names their numbers, up to the last that was told."""
    if isinstance(frame["true"].dtype, pd.CategoricalDtype):
        return list(frame["true"].cat.categories)
    return list(range(frame[["true", "predicted"]].to_numpy().max() + 1))


def matrix(frame: pd.DataFrame, classes: list[Any]) -> NDArray[np.float64]:
    """Return of a level the share of each class (rows) that was taken for each (columns)."""
    counts = np.zeros((len(classes),) * 2)
    places = [pd.Categorical(frame[name], classes).codes for name in ("true", "predicted")]
    counts[*places] = frame["images"]
    seen = counts.sum(axis=1, keepdims=True)
    return counts / np.where(seen, seen, 1.0)


def confusion_matrices(frame: pd.DataFrame) -> Figure:
    """Draw a matrix a level."""
    names, classes = levels(frame), classes_of(frame)
    ticks = range(len(classes)), [plain(_short(str(name))) for name in classes]
    figure, axes = grid(1, len(names), height=2.8, share=None)
    headings(axes, names)
    for place, level in zip(axes[0], names, strict=True):
        shares = matrix(frame[frame["level"] == level], classes)
        drawn = place.imshow(shares, cmap="cividis", vmin=0, vmax=1, interpolation="nearest")
        place.tick_params(labelsize="x-small")
        place.set_xlabel("said", fontsize="small")
        if len(classes) * len(names) <= _MOST_NAMED:
            place.set_xticks(*ticks, rotation=90)
            place.set_yticks(*ticks)
            place.tick_params(labelleft=place is axes[0, 0])
    axes[0, 0].set_ylabel(f"class ({split_words(frame)})", fontsize="small")
    bar = figure.colorbar(drawn, ax=list(axes[0]), shrink=0.6)
    bar.ax.tick_params(labelsize="x-small")
    return figure


def _short(name: str) -> str:
    return name if len(name) <= _LETTERS else name[: _LETTERS - 1] + "…"


def confusion_words(frame: pd.DataFrame) -> str:
    """Say which class each level takes most often for another."""
    told, classes = [], classes_of(frame)
    for level in levels(frame):
        shares = matrix(frame[frame["level"] == level], classes)
        np.fill_diagonal(shares, 0.0)
        place = np.unravel_index(shares.argmax(), shares.shape)
        true, said = (classes[number] for number in place)
        told.append(f"{level} {shares[place]:.0%} of class {true} for class {said}")
    return f"Of {split_words(frame)}, most often confused: {'; '.join(told)}."


def calibration(frame: pd.DataFrame) -> Figure:
    """Draw accuracy by confidence; on the dotted line a network is as often right as it says."""
    figure, axes = grid(1, 1, height=3.2)
    axes[0, 0].plot([0, 1], [0, 1], ":", color=OPEN)
    look, lines = level_looks(frame), []
    for level in levels(frame):
        rows = frame[frame["level"] == level].sort_values("confidence")
        colour, style, marker = look[level]
        x, y, shares = rows["confidence"], rows["accuracy"], rows["images"] / rows["images"].sum()
        (line,) = axes[0, 0].plot(x, y, style, color=colour, marker=marker, markersize=3)
        axes[0, 0].scatter(
            x, y, _AREA * shares, color=colour, marker=marker, alpha=0.3, clip_on=False
        )
        line.set_label(plain(level))
        lines.append(line)
    line_axes(axes[0, 0])
    axes[0, 0].set(xlim=(0, 1), ylim=(0, 1))
    axes[0, 0].set_aspect("equal")
    at = f"confidence ({split_words(frame)}; area: how many)"
    axes[0, 0].set_xlabel(at, fontsize="small")
    axes[0, 0].set_ylabel("accuracy", fontsize="small")
    legend_outside(axes[0, 0], lines)
    return figure


def calibration_words(frame: pd.DataFrame) -> str:
    """Say how far each level is off: mean gap, weighted by images."""
    told = []
    for level in levels(frame):
        rows = frame[frame["level"] == level]
        gaps = (rows["confidence"] - rows["accuracy"]).abs()
        told.append(f"{level} {100 * np.average(gaps, weights=rows['images']):.1f} points")
    return f"Mean gap of confidence and accuracy on {split_words(frame)}: {', '.join(told)}."

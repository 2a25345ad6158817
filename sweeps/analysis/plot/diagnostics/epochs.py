"""Numbers by epoch: sharpness, and loss and accuracy on both splits."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from sweeps.analysis.plot.diagnostics.panels import (
    at_the_last_epoch,
    ended,
    grid,
    level_looks,
    levels,
    line_axes,
    logarithmic_if_wide,
    number,
)
from sweeps.analysis.plot.style import legend_outside, plain


def eigenvalues(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the frame with numbers alone; NaN where an eigenvalue was not found.

    A trial that none was found of brings a column of None, not of numbers.
    """
    return frame.astype({"eigenvalue": "float64"})


def sharpness(frame: pd.DataFrame) -> Figure:
    """Draw the largest eigenvalue by epoch, a line a level."""
    figure, axes = grid(1, 1, height=2.8)
    look, lines, found = level_looks(frame), [], eigenvalues(frame)
    for level in levels(frame):
        rows = found[found["level"] == level].sort_values("epoch")
        colour, style, marker = look[level]
        (line,) = axes[0, 0].plot(
            rows["epoch"], rows["eigenvalue"], style, color=colour, marker=marker, markersize=3
        )
        line.set_label(plain(level))
        lines.append(line)
    if (found["eigenvalue"] > 0).any():
        axes[0, 0].set_yscale("log")
    line_axes(axes[0, 0])
    axes[0, 0].xaxis.set_major_locator(MaxNLocator(integer=True))
    axes[0, 0].set_xlabel("epoch", fontsize="small")
    axes[0, 0].set_ylabel("largest eigenvalue", fontsize="small")
    legend_outside(axes[0, 0], lines)
    return figure


def sharpness_words(frame: pd.DataFrame) -> str:
    """Say the eigenvalue at the last epoch, level by level."""
    last = eigenvalues(at_the_last_epoch(frame)).set_index("level")["eigenvalue"]
    told = [
        f"{name} {number(last[level], '.3g', 'not found')}" for level, name in ended(frame).items()
    ]
    return f"Largest eigenvalue of the Hessian at the last epoch: {', '.join(told)}."


def both_splits(frame: pd.DataFrame) -> Figure:
    """Draw loss and accuracy by epoch: validation solid, training dashed, a colour a level."""
    figure, axes = grid(1, 2, height=2.8, share=None)
    look, lines = level_looks(frame), []
    for place, measure in zip(axes[0], ("loss", "accuracy"), strict=True):
        for level in levels(frame):
            colour, _, marker = look[level]
            mine = frame[(frame["level"] == level) & (frame["measure"] == measure)]
            for split, style in (("train", "--"), ("validation", "-")):
                rows = mine[mine["split"] == split].sort_values("epoch")
                (line,) = place.plot(
                    rows["epoch"], rows["value"], style, color=colour, marker=marker, markersize=2
                )
                line.set_label(plain(f"{level}, {split}"))
                lines += [line] if measure == "accuracy" and len(rows) else []
        line_axes(place)
        place.xaxis.set_major_locator(MaxNLocator(integer=True))
        place.set_xlabel("epoch", fontsize="small")
        place.set_title(measure, fontsize="small")
    losses = frame.loc[frame["measure"] == "loss", "value"]
    logarithmic_if_wide(axes[0, 0], losses[np.isfinite(losses)])
    axes[0, 1].yaxis.set_major_formatter(PercentFormatter(1.0))
    legend_outside(axes[0, 1], lines)
    return figure


def both_words(frame: pd.DataFrame) -> str:
    """Say both accuracies at the last epoch, level by level."""
    told = []
    last = at_the_last_epoch(frame[frame["measure"] == "accuracy"])
    for level, name in ended(frame).items():
        mine = last[last["level"] == level].sort_values("split")
        both = zip(mine["value"], mine["split"], strict=True)
        told.append(f"{name} " + ", ".join(f"{number(v, '.1%')} on {split}" for v, split in both))
    return f"Accuracy at the last epoch: {'; '.join(told)}."

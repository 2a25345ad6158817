"""Histograms of weights and gradients."""

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from sweeps.analysis.plot.diagnostics.panels import ended, grid, headings, levels, line_axes, number
from sweeps.analysis.plot.style import BASELINE, COLOURS, plain

SHOWN = 3
"""Layers: the first, the last convolution of most networks, which is the last but one, the last."""


def chosen_depths(frame: pd.DataFrame) -> list[int]:
    """Return the depths that are drawn of a level."""
    depths = sorted(frame["depth"].unique())
    return sorted({int(depths[place]) for place in (0, max(len(depths) - 2, 0), -1)})


def densities(row: Mapping[Hashable, Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the ends of a histogram's bins and the density in each; all zero if it is empty."""
    counts = np.asarray(row["counts"], dtype=np.float64)
    edges = np.linspace(row["low"], row["high"], len(counts) + 1)
    total = counts.sum() * (edges[1] - edges[0])
    return edges, counts / total if total > 0 else counts


def histograms(frame: pd.DataFrame) -> Figure:
    """Draw weights and gradients (down, by layer) of each level (across), first and last epoch."""
    names = levels(frame)
    figure, axes = grid(2 * SHOWN, len(names), height=1.25, share=False)
    headings(axes, names)
    for place, level in enumerate(names):
        mine = frame[frame["level"] == level]
        for row, depth in enumerate(chosen_depths(mine)):
            layer = mine[mine["depth"] == depth]
            for half, quantity in enumerate(("weight", "gradient")):
                _draw(axes[half * SHOWN + row, place], layer[layer["quantity"] == quantity])
    for half, quantity in enumerate(("weight", "gradient")):
        axes[half * SHOWN + 1, 0].set_ylabel(f"density of each {quantity}", fontsize="small")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="outside lower center", ncols=2, fontsize="x-small", frameon=False
    )
    return figure


def _draw(axes: Axes, rows: pd.DataFrame) -> None:
    """Draw the first epoch as an outline and the last one filled."""
    line_axes(axes)
    axes.set_yticks([])
    if rows.empty:
        return
    ordered = rows.sort_values("epoch").to_dict("records")
    for row, filled in ((ordered[0], False), (ordered[-1], True)):
        edges, density = densities(row)
        if not np.isfinite(edges).all():
            continue
        label = f"epoch {row['epoch']}" + (" (initial)" if row["epoch"] == 0 else "")
        colour = COLOURS[0] if filled else BASELINE
        axes.stairs(density, edges, fill=filled, color=colour, alpha=0.6 if filled else 1.0,
                    label=label)  # fmt: skip
    axes.set_xlabel(plain(ordered[0]["layer"]), fontsize="x-small", labelpad=1)


def histogram_words(frame: pd.DataFrame) -> str:
    """Say how far the last layer but one moved, and how large its gradients are at last."""
    told = []
    for level, name in ended(frame).items():
        mine = frame[frame["level"] == level]
        deep = mine[mine["depth"] == chosen_depths(mine)[-2:][0]].sort_values("epoch")
        weights, gradients = (deep[deep["quantity"] == q]["sd"] for q in ("weight", "gradient"))
        if len(weights) and len(gradients):
            first, last, steep = (
                number(v, ".2g") for v in (weights.iloc[0], weights.iloc[-1], gradients.iloc[-1])
            )
            told.append(f"{name} {first} to {last}, its gradients {steep}")
    return f"Deviation of the weights of the last layer but one, first to last: {'; '.join(told)}."

"""Histograms of weights and gradients."""

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from sweeps.analysis.plot.diagnostics.panels import ended, grid, headings, levels, line_axes, number
from sweeps.analysis.plot.style import BASELINE, COLOURS, plain

SHOWN = 3
"""Layers: the first, the last convolution of most networks, which is the last but one, the last."""


def chosen_depths(frame: pd.DataFrame) -> dict[int, int]:
    """Return the depths that are drawn of a level by their rows, as far as there are layers."""
    depths = sorted(frame["depth"].unique())
    rows = [(0, 0), (1, -2), (2, -1)] if len(depths) > 2 else [(0, 0), (2, -1)][: len(depths)]
    return {row: int(depths[place]) for row, place in rows}


def densities(row: Mapping[Hashable, Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the ends of a histogram's bins and the density in each; all zero if it is empty."""
    counts = np.asarray(row["counts"], dtype=np.float64)
    edges = np.linspace(row["low"], row["high"], len(counts) + 1)
    total = counts.sum() * (edges[1] - edges[0])
    return edges, counts / total if total > 0 else counts


def histograms(frame: pd.DataFrame) -> Figure:
    """Draw weights and gradients (down, by layer) of each level (across), first and last epoch."""
    names, drawn = levels(frame), dict[int, Artist]()
    figure, axes = grid(2 * SHOWN, len(names), height=1.25, share="x")
    headings(axes, names)
    for panel in axes.flat:
        panel.set_axis_off()  # until something is drawn in it
    for half, quantity in enumerate(("weight", "gradient")):
        every = frame[frame["quantity"] == quantity]
        ends = every["epoch"].min(), every["epoch"].max()
        for place, level in enumerate(names):
            mine = every[every["level"] == level]
            for row, depth in chosen_depths(frame[frame["level"] == level]).items():
                panel = axes[half * SHOWN + row, place]
                drawn |= _draw(panel, mine[mine["depth"] == depth], ends)
        for panel in axes[half * SHOWN : (half + 1) * SHOWN, 0]:
            panel.set_ylabel(f"{quantity} density", fontsize="x-small")
    handles = [drawn[epoch] for epoch in sorted(drawn)]
    figure.legend(
        handles=handles, loc="outside lower center", ncols=3, fontsize="x-small", frameon=False
    )
    return figure


def _draw(axes: Axes, rows: pd.DataFrame, ends: tuple[int, int]) -> dict[int, Artist]:
    """Draw the first epoch as an outline and the last one filled, where there are such rows.

    Returns:
        What was drawn, by epoch: initial weights look other than those of a first epoch.
    """
    axes.set_axis_on()
    line_axes(axes)
    axes.set_yticks([])
    drawn: dict[int, Artist] = {}
    for row in rows[rows["epoch"].isin(ends)].sort_values("epoch").to_dict("records"):
        axes.set_xlabel(plain(row["layer"]), fontsize="x-small", labelpad=1)
        edges, density = densities(row)
        if not np.isfinite(edges).all():
            continue
        epoch, filled = row["epoch"], row["epoch"] == ends[1]
        label = f"epoch {epoch}" + (" (initial)" if epoch == 0 else "")
        colour = COLOURS[0] if filled else COLOURS[1] if epoch else BASELINE
        # with an edge, or one all narrower than a pixel would not be seen
        look: dict[str, Any] = {"facecolor": colour, "edgecolor": colour, "linewidth": 0.8}
        alpha = 0.6 if filled else 1.0
        drawn[epoch] = axes.stairs(density, edges, fill=filled, label=label, alpha=alpha, **look)
    return drawn


def histogram_words(frame: pd.DataFrame) -> str:
    """Say how far the last layer but one moved, and how large its gradients are at last."""
    told = []
    for level, name in ended(frame).items():
        mine = frame[frame["level"] == level]
        deep = mine[mine["depth"] == list(chosen_depths(mine).values())[-2:][0]]
        deep = deep.sort_values("epoch")
        weights, gradients = (deep[deep["quantity"] == q]["sd"] for q in ("weight", "gradient"))
        if len(weights) and len(gradients):
            first, last, steep = (
                number(v, ".2g") for v in (weights.iloc[0], weights.iloc[-1], gradients.iloc[-1])
            )
            told.append(f"{name} {first} to {last}, its gradients {steep}")
    return f"Deviation of the weights of the last layer but one, first to last: {'; '.join(told)}."

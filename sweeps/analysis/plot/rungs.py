"""Who survived a search's rungs, and whether trials ranked there as they did at their end."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator, NullLocator, PercentFormatter

from sweeps.analysis.measure import find_measure
from sweeps.analysis.plot.style import (
    BASELINE,
    COLOURS,
    MANY,
    OPEN,
    WIDTH,
    legend_outside,
    open_axes,
    without_data,
)


def rung_counts(
    trials: pd.DataFrame, curves: pd.DataFrame, agreement: pd.DataFrame
) -> pd.DataFrame:
    """Count who came to each rung and who went on from it.

    Args:
        trials: the trials frame; rows of role ``search`` count, each trial once.
        curves: the curves frame.
        agreement: of `sweeps.analysis.agreement.rank_agreement`: a row a rung.

    Returns:
        The agreement with columns ``reached`` (trials with a result at that epoch) and ``went_on``
        (those with a later one).
    """
    searched = trials.loc[trials["role"] == "search", "trial"].unique()
    last = curves[curves["trial"].isin(searched)].groupby("trial")["epoch"].max()
    return agreement.assign(
        reached=[int((last >= epoch).sum()) for epoch in agreement["epoch"]],
        went_on=[int((last > epoch).sum()) for epoch in agreement["epoch"]],
    )


def search_paths(trials: pd.DataFrame, curves: pd.DataFrame, metric: str) -> pd.DataFrame:
    """List the search's learning curves.

    Returns:
        Columns ``trial``, ``epoch``, ``value``, ``whole`` (ran to its end), ``best`` (the finished
        trial of the best last value), epochs in order.
    """
    searched = trials[trials["role"] == "search"].drop_duplicates("trial")
    whole = searched.set_index("trial")["status"] == "finished"
    points = curves[curves["trial"].isin(whole.index)].dropna(subset=metric)
    points = points.sort_values(["trial", "epoch"], kind="stable")
    paths = points[["trial", "epoch"]].assign(
        value=points[metric].astype(float),
        whole=points["trial"].map(whole).astype(bool),
    )
    ends = paths[paths["whole"]].groupby("trial")["value"].last()
    higher = find_measure(metric.split("/")[-1]).higher_is_better
    best = None if ends.empty else (ends.idxmax() if higher else ends.idxmin())
    return paths.assign(best=paths["trial"] == best).reset_index(drop=True)


def rungs(
    trials: pd.DataFrame, curves: pd.DataFrame, metric: str, agreement: pd.DataFrame
) -> Figure:
    """Draw every trial of the search by epoch, and at each rung how many went on."""
    figure = Figure(figsize=(WIDTH, 3.6), layout="constrained")
    paths = search_paths(trials, curves, metric)
    if paths.empty:
        return without_data(figure, f"no trial of a search has {metric}")
    axes = figure.subplots()
    _draw_paths(axes, paths)
    if len(agreement) > 1:
        _space_evenly(axes, [*agreement["epoch"], paths["epoch"].max()])
    for row in rung_counts(trials, curves, agreement).to_dict("records"):
        tau = "" if pd.isna(row["tau"]) else f"\n\N{GREEK SMALL LETTER TAU} = {row['tau']:.2f}"
        axes.axvline(row["epoch"], color=OPEN, linestyle=":", linewidth=1, zorder=0)
        axes.annotate(
            f"{row['reached']}\N{RIGHTWARDS ARROW}{row['went_on']}{tau}",
            (row["epoch"], 1.01),
            xycoords=("data", "axes fraction"),
            ha="center",
            va="bottom",
            fontsize="small",
        )
    measure = find_measure(metric.split("/")[-1])
    axes.set_ylabel(metric.replace("/", " ").replace("_", " "))
    if measure.unit == "%":
        axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    axes.set_xlabel(
        "epoch (above: trials that came to a rung \N{RIGHTWARDS ARROW} that went on;\n"
        "\N{GREEK SMALL LETTER TAU}: rank agreement with the end, Kendall's)"
    )
    return figure


def _space_evenly(axes: Axes, epochs: list[int]) -> None:
    """Let the rungs, each a multiple of the last, lie apart: or what stands above would overlap."""
    axes.set_xscale("log")
    axes.set_xticks(epochs, [str(epoch) for epoch in epochs])
    axes.xaxis.set_minor_locator(NullLocator())


def _draw_paths(axes: Axes, paths: pd.DataFrame) -> None:
    """Draw stopped trials in grey, finished ones in colour, the best on top."""
    kinds = {
        "stopped": (~paths["whole"], OPEN, 0.8, 0.6),
        "ran to its end": (paths["whole"] & ~paths["best"], COLOURS[4], 1.2, 0.9),
        "best at its end": (paths["best"], BASELINE, 2.0, 1.0),
    }
    handles = []
    for label, (chosen, colour, width, alpha) in kinds.items():
        lines = [
            np.column_stack([rows["epoch"], rows["value"]])
            for _, rows in paths[chosen].groupby("trial", sort=False)
        ]
        single = [line for line in lines if len(line) == 1]
        image = int(chosen.sum()) > MANY
        axes.add_collection(
            LineCollection(lines, colors=colour, linewidths=width, alpha=alpha, rasterized=image)
        )
        for line in single:
            axes.plot(*line[0], ".", color=colour, alpha=alpha, markersize=4)
        handles.append(Line2D([], [], color=colour, linewidth=width, label=label))
    axes.autoscale_view()
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    legend_outside(axes, handles)
    open_axes(axes)

"""A search, seen along one parameter at a time."""

import math

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from sweeps.analysis.measure import Measure, find_measure
from sweeps.analysis.plot.style import (
    COLOURS,
    MANY,
    OPEN,
    WIDTH,
    open_axes,
    plain,
    without_data,
)
from sweeps.analysis.scales import is_log, is_number, ordered_options

ACROSS = 3


def slice_points(trials: pd.DataFrame, metric: str) -> pd.DataFrame:
    """List what the search tried, a row a (trial, parameter), in the order of the trials.

    Args:
        trials: the trials frame; rows of role ``search`` that have a value count, with a column
            ``suggested`` of mappings.
        metric: a column of the frame: of a stopped trial what it had when it was stopped.

    Returns:
        Columns ``trial``, ``parameter``, ``value`` (as it was suggested), ``score``, ``whole``
        (the trial ran to its end).
    """
    tried = trials[trials["role"] == "search"].drop_duplicates("trial").dropna(subset=metric)
    rows = [
        (row["trial"], name, value, float(row[metric]), row["status"] == "finished")
        for row in tried.to_dict("records")
        for name, value in row["suggested"].items()
    ]
    return pd.DataFrame(rows, columns=["trial", "parameter", "value", "score", "whole"])


def slices(trials: pd.DataFrame, metric: str) -> Figure:
    """Draw a panel a parameter: every trial's value of it, and what came of the trial."""
    points = slice_points(trials, metric)
    names = list(points["parameter"].unique())
    down = max(math.ceil(len(names) / ACROSS), 1)
    figure = Figure(figsize=(WIDTH, 0.5 + 2.3 * down), layout="constrained")
    if not names:
        return without_data(figure, "no trial of a search has a value")
    measure = find_measure(metric.split("/")[-1])
    grid = figure.subplots(down, ACROSS, squeeze=False, sharey=True).flatten()
    for axes, name in zip(grid, names, strict=False):
        _draw(axes, points[points["parameter"] == name])
        axes.set_xlabel(plain(name), fontsize="small")
        axes.tick_params(labelsize="small")
    for axes in grid[len(names) :]:
        axes.set_visible(False)
    _scores(grid[0], measure)
    figure.supylabel(metric.replace("/", " ").replace("_", " "), fontsize="medium")
    figure.suptitle(
        "filled: ran to its end; open: stopped early, with what it had by then",
        fontsize="small",
        x=0.99,
        ha="right",
    )
    return figure


def _draw(axes: Axes, points: pd.DataFrame) -> None:
    """Draw one panel; what is no number gets a place each."""
    values = points["value"]
    if is_number(values):
        places = values.astype(float)
        if is_log(places):
            axes.set_xscale("log")
    else:
        options = ordered_options(values)
        places = values.map(str).map(options.index).astype(float)
        axes.set_xticks(range(len(options)), [plain(option) for option in options])
        axes.set_xlim(-0.5, len(options) - 0.5)
    for whole, colour, face in ((False, OPEN, "white"), (True, COLOURS[0], COLOURS[0])):
        shown = (points["whole"] == whole).to_numpy()
        axes.plot(
            places[shown], points["score"][shown], "o", color=colour, markerfacecolor=face,
            markersize=4, alpha=0.8, rasterized=len(points) > MANY,
        )  # fmt: skip
    axes.grid(axis="y", alpha=0.3)
    open_axes(axes)


def _scores(axes: Axes, measure: Measure) -> None:
    """Write the scores as the measure's unit asks."""
    if measure.unit == "%":
        axes.yaxis.set_major_formatter(PercentFormatter(1.0))

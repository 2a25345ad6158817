"""A search in parallel coordinates: all parameters of all trials that ran to their end."""

import math

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection
from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from sweeps.analysis.measure import HOLE, find_measure
from sweeps.analysis.plot.slices import slice_points
from sweeps.analysis.plot.style import COLOURS, MANY, OPEN, WIDTH, plain, without_data
from sweeps.analysis.scales import is_log, is_number, ordered_options

FLOOR = -0.12
"""Height of a parameter that a trial's branch does not have."""
MAP = LinearSegmentedColormap.from_list("worth", ["#c4c4c4", COLOURS[1]])
"""Grey to vermilion: the better the darker in print; seen on light and on dark pages."""


def coordinates(points: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, dict[float, str]]]:
    """Place every parameter of every finished trial of a search between 0 and 1.

    Args:
        points: of `slice_points`.

    Returns:
        A frame of one row a trial, the worst score first, a column a parameter and ``score`` (as
        it is), with NaN where a trial's branch lacks the parameter; and the marks of each axis by
        their height.
    """
    done = points[points["whole"]]
    score = done.drop_duplicates("trial").set_index("trial")["score"]
    placed, marks = {}, {}
    for name, rows in done.groupby("parameter", sort=False):
        values = rows.set_index("trial")["value"]
        placed[name], marks[str(name)] = _placed(values)
    frame = pd.DataFrame(placed, index=score.index).assign(score=score)
    return frame.sort_values("score", kind="stable"), marks


def _placed(values: "pd.Series[float]") -> tuple["pd.Series[float]", dict[float, str]]:
    """Return the heights of one parameter's values, and what is written beside its axis."""
    if not is_number(values):
        options = ordered_options(values)
        step = 1 / max(len(options) - 1, 1)
        heights = values.map(lambda value: options.index(str(value)) * step)
        return heights, {index * step: option for index, option in enumerate(options)}
    numbers = values.astype(float)
    scaled = numbers.map(math.log) if is_log(numbers) else numbers
    low, high = scaled.min(), scaled.max()
    heights = (scaled - low) / (high - low) if high > low else scaled * 0.0
    ends = {0.0: f"{numbers.min():.3g}", 1.0: f"{numbers.max():.3g}"}
    return heights, ends if high > low else {0.0: ends[0.0]}


def parallel_coordinates(trials: pd.DataFrame, metric: str) -> Figure:
    """Draw a line a trial across an axis a parameter, coloured by what came of it."""
    points = slice_points(trials, metric)
    figure = Figure(figsize=(WIDTH, 3.8), layout="constrained")
    frame, marks = coordinates(points)
    if frame.empty:
        return without_data(figure, "no trial of a search ran to its end")
    axes = figure.subplots()
    heights = frame[list(marks)].fillna(FLOOR).to_numpy()
    lines = [np.column_stack([np.arange(len(marks)), row]) for row in heights]
    norm = Normalize(frame["score"].min(), frame["score"].max())
    higher = find_measure(metric.split("/")[-1]).higher_is_better
    order = range(len(lines)) if higher else range(len(lines) - 1, -1, -1)
    drawn = LineCollection(
        [lines[index] for index in order], array=frame["score"].to_numpy()[list(order)],
        cmap=MAP, norm=norm, linewidths=1.4, alpha=0.8, rasterized=heights.size > MANY,
    )  # fmt: skip
    axes.add_collection(drawn)
    _axes(axes, marks)
    bar = figure.colorbar(ScalarMappable(norm, MAP), ax=axes, pad=0.02)
    bar.set_label(metric.replace("/", " ").replace("_", " "))
    if find_measure(metric.split("/")[-1]).unit == "%":
        bar.ax.yaxis.set_major_formatter(PercentFormatter(1.0))
    return figure


def _axes(axes: Axes, marks: dict[str, dict[float, str]]) -> None:
    """Draw an upright line a parameter, with its name below and its marks beside."""
    for place, of in enumerate(marks.values()):
        axes.axvline(place, ymin=0, ymax=1, color=OPEN, linewidth=0.8, zorder=0)
        for height, text in of.items():
            axes.annotate(
                plain(text), (place, height), xytext=(3, 0), textcoords="offset points",
                va="center", fontsize="x-small",
                bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 0.5},
            )  # fmt: skip
    axes.set_xlim(-0.15, len(marks) - 1 + 0.45)
    axes.set_ylim(FLOOR - 0.05, 1.05)
    names = [plain(name.replace(".", "\n", 1)) for name in marks]
    axes.set_xticks(range(len(marks)), names, fontsize="small")
    axes.set_yticks([FLOOR], [HOLE])
    axes.set_xlabel(f"{HOLE}: no such parameter in the trial's branch", fontsize="small")
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)

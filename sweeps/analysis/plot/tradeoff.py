"""What a level is worth against what it takes, with the Pareto front."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from sweeps.analysis.pareto import non_dominated
from sweeps.analysis.plot.style import (
    NAMED,
    OPEN,
    WIDTH,
    legend_outside,
    looks,
    open_axes,
    plain,
    without_data,
)
from sweeps.analysis.scales import is_log
from sweeps.analysis.table import Table


@dataclass(frozen=True)
class Toll:
    """A column of ``Table.frame`` that less is better of; printed values are stored x scale."""

    column: str
    title: str
    scale: float = 1.0


def tolls(table: Table) -> list[Toll]:
    """List what levels of a table can be weighed against: what differs between them."""
    known = [
        Toll("parameters", "parameters"),
        Toll("seconds", "time (s/trial)"),
        *(
            Toll(cost.column, f"{cost.title} ({cost.unit})", cost.scale)
            for cost in table.costs
            if not cost.higher_is_better and not cost.validates
        ),
    ]
    return [toll for toll in known if table.frame[toll.column].dropna().nunique() > 1]


def tradeoff_points(table: Table, column: str) -> pd.DataFrame:
    """List the levels as points, each recipe once, the cheapest first.

    Returns:
        Columns ``level``, ``baseline``, ``cost``, ``mean``, ``sd`` (on the table's split), and
        ``front``: no other level is as good for less, nor better for as much; only levels with
        all their seeds are weighed.
    """
    frame = table.frame.assign(name=_names(table.frame)).drop_duplicates("variant")
    points = pd.DataFrame(
        {
            "level": frame["name"],
            "baseline": frame["baseline"].astype(bool),
            "cost": frame[column].astype(float),
            "mean": frame[f"{table.split}_mean"].astype(float),
            "sd": frame[f"{table.split}_sd"].astype(float),
            "whole": frame["completed"] == frame["seeds"],
        }
    )
    points = points.dropna(subset=["cost", "mean"]).sort_values("cost", ignore_index=True)
    sign = 1.0 if table.measure.higher_is_better else -1.0
    weighed = points[points["whole"]]
    pairs = list(zip(-weighed["cost"], sign * weighed["mean"], strict=True))
    best = weighed.index[np.array(non_dominated(pairs), dtype=bool)]
    return points.drop(columns="whole").assign(front=points.index.isin(best))


def _names(frame: pd.DataFrame) -> "pd.Series[str]":
    """Name levels, with their factor where there are several; a shared baseline needs none."""
    names = frame["level"].astype(str)
    if frame["factor"].nunique() < 2:
        return names
    return names.where(frame["baseline"].astype(bool), frame["factor"] + " " + names)


def tradeoffs(table: Table) -> Figure:
    """Draw the table's measure against each cost that differs between levels."""
    costs = tolls(table)
    figure = Figure(figsize=(WIDTH, 3.2 * max(len(costs), 1)), layout="constrained")
    if not costs:
        return without_data(figure, "no cost differs between levels")
    grid = figure.subplots(len(costs), squeeze=False)
    for axes, toll in zip(grid[:, 0], costs, strict=True):
        _draw(axes, tradeoff_points(table, toll.column), toll)
        axes.set_ylabel(f"{table.split} {table.measure.title}")
        if table.measure.unit == "%":
            axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    return figure


def _draw(axes: Axes, points: pd.DataFrame, toll: Toll) -> None:
    """Draw one panel: the front as steps, levels with a standard deviation over seeds."""
    front = points[points["front"]]
    axes.step(front["cost"] * toll.scale, front["mean"], where="post", color=OPEN, linewidth=1)
    named = points.sort_values(["baseline", "front"], ascending=False, kind="stable").head(NAMED)
    look = looks(zip(named["level"], named["baseline"], strict=True))
    named_handles: list[Artist] = []
    for row in points.to_dict("records"):
        known = row["level"] in look
        colour, _, marker = look.get(row["level"], (OPEN, "-", "o"))
        x, face = row["cost"] * toll.scale, colour if row["front"] else "white"
        axes.errorbar(x, row["mean"], yerr=row["sd"], color=colour, linewidth=1, zorder=1)
        (point,) = axes.plot(
            x, row["mean"], marker=marker, color=colour, markerfacecolor=face,
            markersize=6 if known else 3, linestyle="none",
        )  # fmt: skip
        point.set_label(plain(f"{row['level']}{' (baseline)' if row['baseline'] else ''}"))
        named_handles += [point] if known else []
    _label(axes, points["cost"], toll, len(points) - len(named))
    legend_outside(axes, named_handles, "filled: on the front")


def _label(axes: Axes, costs: "pd.Series[float]", toll: Toll, unnamed: int) -> None:
    if is_log(costs):
        axes.set_xscale("log")
    others = f"; in grey: {unnamed} others" if unnamed else ""
    axes.set_xlabel(f"{toll.title} (bars: \N{PLUS-MINUS SIGN}1 standard deviation{others})")
    axes.grid(alpha=0.3)
    open_axes(axes)

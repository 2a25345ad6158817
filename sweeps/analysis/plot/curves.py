"""Learning curves, the mean of every level with a band over seeds."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from sweeps.analysis import guards
from sweeps.analysis.measure import find_measure
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


def learning_curves(
    curves: pd.DataFrame, trials: pd.DataFrame, metric: str | None = None
) -> Figure:
    """Draw the mean learning curve of every level, an axes a factor, with bands over seeds.

    Args:
        curves: one row a (trial, epoch).
        trials: one row a (trial, membership); finished ones of the ablation are drawn.
        metric: a column of ``curves``; by default the validation accuracy where there is any,
            else the training loss.
    """
    metric = metric or curve_metric(curves)
    measure = find_measure(metric.split("/")[-1])
    bands = curve_bands(curves, trials, metric)
    factors = list(bands["factor"].unique())
    figure = Figure(figsize=(WIDTH, 3.4 * max(len(factors), 1)), layout="constrained")
    if bands.empty:
        return without_data(figure, f"no finished trial has {metric}")
    grid = figure.subplots(len(factors), squeeze=False)
    for axes, factor in zip(grid[:, 0], factors, strict=True):
        _draw_bands(axes, bands[bands["factor"] == factor], measure.higher_is_better)
        axes.set_title(plain(factor), loc="left", fontsize="medium")
        axes.set_ylabel(metric.replace("/", " ").replace("_", " "))
        if measure.unit == "%":
            axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    grid[-1, 0].set_xlabel("epoch (band: \N{PLUS-MINUS SIGN}1 standard deviation over seeds)")
    return figure


def curve_metric(curves: pd.DataFrame, name: str = "accuracy") -> str:
    """Return which column shows how training went: on validation data where there are any."""
    wanted = f"validation/{name}"
    validated = curves.get(wanted, pd.Series(dtype=float)).notna().any()
    return wanted if validated else "train/loss"


def curve_bands(curves: pd.DataFrame, trials: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Average curves over seeds.

    Returns:
        Columns ``factor``, ``level``, ``baseline``, ``epoch``, ``mean``, ``sd`` (NaN for one
        seed), ``seeds``; only epochs that every finished trial of the level has.
    """
    cells = guards.finished(trials[trials["role"] == "ablation"])
    keys = ["factor", "level", "baseline"]
    points = cells[[*keys, "trial"]].merge(curves[["trial", "epoch", metric]], on="trial")
    groups = points.dropna(subset=metric).groupby([*keys, "epoch"], sort=False)[metric]
    bands = groups.agg(mean="mean", sd="std", seeds="count").reset_index()
    most = bands.groupby(["factor", "level"])["seeds"].transform("max")
    return bands[bands["seeds"] == most].reset_index(drop=True)


def named_levels(bands: pd.DataFrame, *, higher_is_better: bool = True) -> list[str]:
    """Choose the levels of one factor that are named: the baseline, and the best at the end."""
    ends = bands.groupby("level", sort=False).last()
    best = ends.sort_values(
        ["baseline", "mean"], ascending=[False, not higher_is_better], kind="stable"
    )
    chosen = set(best.index[:NAMED])
    return [str(level) for level in ends.index if level in chosen]


def _draw_bands(axes: Axes, bands: pd.DataFrame, higher_is_better: bool) -> None:
    """Draw one factor; the legend lists the levels as their curves end, best on top."""
    named = named_levels(bands, higher_is_better=higher_is_better)
    first = bands.drop_duplicates("level").set_index("level")["baseline"]
    look = looks((level, bool(first[level])) for level in named)
    ends = []
    for level, rows in bands.groupby("level", sort=False):
        epoch, mean, sd = rows["epoch"], rows["mean"], rows["sd"]
        if level not in look:
            axes.plot(epoch, mean, color=OPEN, linewidth=0.5, alpha=0.4, zorder=1)
            continue
        colour, style, _ = look[level]
        marker = "o" if len(rows) == 1 else ""
        (line,) = axes.plot(epoch, mean, color=colour, linestyle=style, marker=marker)
        axes.fill_between(epoch, mean - sd, mean + sd, color=colour, alpha=0.15, linewidth=0)
        baseline = " (baseline)" if rows["baseline"].iloc[0] else ""
        line.set_label(plain(f"{level!s}{baseline}, n={rows['seeds'].max()}"))
        ends.append((mean.iloc[-1], line))
    others = bands["level"].nunique() - len(named)
    lines = [line for _, line in sorted(ends, key=lambda end: -end[0])]
    legend_outside(axes, lines, f"in grey: {others} others" if others else None)
    open_axes(axes)
    axes.grid(axis="y", alpha=0.3)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))

"""Time to accuracy: how many seconds of training each level took to be first so good."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from sweeps.analysis import guards
from sweeps.analysis.measure import find_measure
from sweeps.analysis.plot.curves import named_levels
from sweeps.analysis.plot.style import WIDTH, legend_outside, looks, open_axes, plain, without_data

TARGETS = 60
"""How many values between the worst and the best are asked for."""


def reaching_times(curves: pd.DataFrame, trials: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Say when each level reached each of some values, over its finished seeds.

    Source: time to accuracy; Coleman et al. 2017, "DAWNBench", section 3.

    Args:
        curves: one row a (trial, epoch), with ``seconds`` of each epoch.
        trials: one row a (trial, membership); finished ones of the ablation count.
        metric: a column of ``curves``.

    Returns:
        Columns ``factor``, ``level``, ``baseline``, ``target``, ``seconds`` (mean over seeds),
        ``seeds``; only targets that every finished seed has reached.
    """
    sign = 1.0 if find_measure(metric.split("/")[-1]).higher_is_better else -1.0
    keys = ["factor", "level", "baseline"]
    cells = guards.finished(trials[trials["role"] == "ablation"])[[*keys, "trial"]]
    points = curves[curves["trial"].isin(cells["trial"])].dropna(subset=[metric, "seconds"])
    if points.empty:
        return pd.DataFrame(columns=[*keys, "target", "seconds", "seeds"])
    values = sign * points[metric].astype(float)
    targets = np.linspace(values.min(), values.max(), TARGETS)
    first = pd.concat(
        [
            _first_reached(rows, sign * rows[metric].astype(float), targets)
            for _, rows in points.sort_values("epoch").groupby("trial", sort=False)
        ]
    )
    groups = cells.merge(first, on="trial").groupby([*keys, "target"], sort=False)["seconds"]
    found = groups.agg(seconds="mean", seeds="count", asked="size").reset_index()
    found = found[found["seeds"] == found["asked"]].drop(columns="asked")
    return found.assign(target=sign * found["target"]).reset_index(drop=True)


def _first_reached(
    rows: pd.DataFrame, values: "pd.Series[float]", targets: np.ndarray
) -> pd.DataFrame:
    """Return when one trial was first as good as each target, NaN where it never was."""
    best = values.cummax().to_numpy()
    at = np.searchsorted(best, targets, side="left")
    seconds = np.append(rows["seconds"].astype(float).cumsum().to_numpy(), np.nan)
    return pd.DataFrame({"trial": rows["trial"].iloc[0], "target": targets, "seconds": seconds[at]})


def time_to_accuracy(curves: pd.DataFrame, trials: pd.DataFrame, metric: str) -> Figure:
    """Draw, an axes a factor, the value that each level has reached after so much training."""
    times = reaching_times(curves, trials, metric)
    factors = list(times["factor"].unique())
    figure = Figure(figsize=(WIDTH, 3.2 * max(len(factors), 1)), layout="constrained")
    if times.empty:
        return without_data(figure, f"no finished trial has {metric} by seconds")
    measure = find_measure(metric.split("/")[-1])
    grid = figure.subplots(len(factors), squeeze=False)
    for axes, factor in zip(grid[:, 0], factors, strict=True):
        _draw(axes, times[times["factor"] == factor], measure.higher_is_better)
        axes.set_title(plain(factor), loc="left", fontsize="medium")
        axes.set_ylabel(f"{metric.split('/')[0]} {measure.title} reached")
        if measure.unit == "%":
            axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    grid[-1, 0].set_xlabel(
        "seconds of training, mean over seeds (a line ends where one got no further)"
    )
    return figure


def _draw(axes: Axes, times: pd.DataFrame, higher_is_better: bool) -> None:
    """Draw the levels of one factor; a line ends where a seed got no further."""
    ends = times.rename(columns={"target": "mean"})
    named = named_levels(ends, higher_is_better=higher_is_better)
    first = times.drop_duplicates("level").set_index("level")["baseline"]
    lines = []
    for level, (colour, style, _) in looks((name, bool(first[name])) for name in named).items():
        rows = times[times["level"] == level]
        label = f"{level} (baseline)" if first[str(level)] else level
        lines += axes.plot(
            rows["seconds"], rows["target"], color=colour, linestyle=style, label=plain(label)
        )
    others = times["level"].nunique() - len(named)
    legend_outside(axes, lines, f"not shown: {others} others" if others else None)
    axes.set_xlim(left=0)
    axes.grid(alpha=0.3)
    open_axes(axes)

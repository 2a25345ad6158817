"""Figures of a study; what is drawn is computed apart from the drawing.

Figures are matplotlib objects without pyplot: no window, no global state, safe on any thread.
"""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from sweeps.analysis import guards
from sweeps.analysis.measure import find_measure
from sweeps.analysis.significance import ALPHA
from sweeps.analysis.table import Table

# Okabe and Ito (2008), "Color Universal Design": told apart with any common colour blindness and,
# with the line styles, in grey. Black is the baseline's.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00")
STYLES = ("-", "--", ":", "-.")
BASELINE = "black"
OPEN = "#767676"


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
    if metric is None:
        validated = curves.get("validation/accuracy", pd.Series(dtype=float)).notna().any()
        metric = "validation/accuracy" if validated else "train/loss"
    bands = curve_bands(curves, trials, metric)
    factors = list(bands["factor"].unique())
    figure = Figure(figsize=(7.5, 3.4 * max(len(factors), 1)), layout="constrained")
    if bands.empty:
        return _without_data(figure, f"no finished trial has {metric}")
    grid = figure.subplots(len(factors), squeeze=False)
    for axes, factor in zip(grid[:, 0], factors, strict=True):
        _draw_bands(axes, bands[bands["factor"] == factor])
        axes.set_title(_plain(factor), loc="left", fontsize="medium")
        axes.set_ylabel(metric.replace("/", " ").replace("_", " "))
        if find_measure(metric.split("/")[-1]).unit == "%":
            axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    grid[-1, 0].set_xlabel("epoch (band: \N{PLUS-MINUS SIGN}1 standard deviation over seeds)")
    return figure


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


def difference_forest(table: Table) -> Figure:
    """Draw every level's difference to the baseline with its interval."""
    rows = forest_rows(table)
    figure = Figure(figsize=(7.5, 1.3 + 0.32 * len(rows)), layout="constrained")
    if rows["difference"].isna().all():
        return _without_data(figure, "no difference to the baseline yet")
    axes = figure.subplots()
    axes.axvline(0.0, color=BASELINE, linewidth=1, zorder=0)
    for row in rows[~rows["heading"]].itertuples():
        _draw_difference(axes, row)
    axes.set_yticks(rows["y"], [_plain(label) for label in rows["label"]])
    for tick, heading in zip(axes.get_yticklabels(), rows["heading"], strict=True):
        tick.set_fontstyle("italic" if heading else "normal")
    axes.set_ylim(rows["y"].max() + 0.7, rows["y"].min() - 0.7)
    axes.tick_params(axis="y", length=0)
    axes.spines[["top", "right", "left"]].set_visible(False)
    unit = f" ({table.measure.difference_unit})" if table.measure.difference_unit else ""
    axes.set_xlabel(
        f"difference in {table.split} {table.measure.title} to the baseline{unit}\n"
        "95 % t interval, paired by seed; bold: excludes zero; filled: also adjusted p < 0.05"
    )
    return figure


def forest_rows(table: Table) -> pd.DataFrame:
    """List what the forest plot shows, top to bottom.

    Returns:
        Columns ``y`` (position), ``label``, ``heading`` (a factor's name, without numbers),
        ``difference``, ``low``, ``high`` (in printed units), ``resolved`` (the interval excludes
        zero), ``corrected`` (and Holm's p is below 0.05), ``text``.
    """
    return pd.DataFrame(
        list(_forest(table)),
        columns=[
            *("label", "heading", "difference", "low", "high"),
            *("resolved", "corrected", "text"),
        ],
    ).reset_index(names="y")


def save(figure: Figure, path: Path) -> Path:
    """Write a figure in the format of the path's suffix; the same figure gives the same bytes.

    Raises:
        ValueError: the suffix is neither ``.png`` nor ``.svg`` nor ``.pdf``.
    """
    dates = {".png": {}, ".svg": {"Date": None}, ".pdf": {"CreationDate": None}}
    if path.suffix not in dates:
        raise ValueError(f"cannot draw {path.name}: name it .png, .svg or .pdf")
    path.parent.mkdir(parents=True, exist_ok=True)
    with mpl.rc_context({"svg.hashsalt": "sweeps"}):
        figure.savefig(path, dpi=200, metadata=dates[path.suffix])
    return path


def _forest(table: Table) -> Iterator[tuple[str, bool, float, float, float, bool, bool, str]]:
    scale, measure = table.measure.scale, table.measure
    frame = table.frame.assign(found=table.frame["p_holm"] < ALPHA)
    baselines = frame[frame["baseline"]].set_index("factor")["level"]
    for factor, rows in frame[~frame["baseline"]].groupby("factor", sort=False):
        heading = f"{factor} (baseline {baselines[factor]})"
        yield heading, True, math.nan, math.nan, math.nan, False, False, ""
        row: Any
        for row in rows.itertuples():
            resolved = bool(row.low > 0 or row.high < 0)
            detail = f"[{measure.signed(row.low)}, {measure.signed(row.high)}]"
            if math.isnan(row.low):
                detail = f"({'no interval' if row.status == 'finished' else row.status})"
            yield (
                *(str(row.level), False),
                *(row.difference * scale, row.low * scale, row.high * scale),
                *(resolved, resolved and bool(row.found)),
                f"{measure.signed(row.difference)}  {detail}",
            )


def _draw_bands(axes: Axes, bands: pd.DataFrame) -> None:
    """Draw one factor; the legend lists the levels as their curves end, best on top."""
    number = 0
    ends = {}
    for level, rows in bands.groupby("level", sort=False):
        colour, style = BASELINE, "-"
        if not rows["baseline"].iloc[0]:
            colour = COLOURS[number % len(COLOURS)]
            style = STYLES[number // len(COLOURS) % len(STYLES)]
            number += 1
        epoch, mean, sd = rows["epoch"], rows["mean"], rows["sd"]
        marker = "o" if len(rows) == 1 else ""
        (line,) = axes.plot(epoch, mean, color=colour, linestyle=style, marker=marker)
        axes.fill_between(epoch, mean - sd, mean + sd, color=colour, alpha=0.15, linewidth=0)
        baseline = " (baseline)" if rows["baseline"].iloc[0] else ""
        ends[f"{level}{baseline}, n={rows['seeds'].max()}"] = (mean.iloc[-1], line)
    order = sorted(ends, key=lambda label: -ends[label][0])
    axes.legend(
        [ends[label][1] for label in order],
        [_plain(label) for label in order],
        loc="upper left",
        bbox_to_anchor=(1.01, 1.0),
        frameon=False,
        fontsize="small",
    )
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", alpha=0.3)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))


def _draw_difference(axes: Axes, row: Any) -> None:
    """Draw one line of the forest plot, its numbers to the right of the axes."""
    colour, width = (COLOURS[0], 2.8) if row.resolved else (OPEN, 1.2)
    ends = [row.low, row.high]
    axes.plot(ends, [row.y, row.y], color=colour, linewidth=width, solid_capstyle="butt")
    fill = colour if row.corrected else "white"
    axes.plot(row.difference, row.y, "o", color=colour, markerfacecolor=fill, markersize=6)
    axes.text(
        *(1.02, row.y, row.text),
        transform=axes.get_yaxis_transform(),
        va="center",
        fontsize="small",
    )


def _without_data(figure: Figure, reason: str) -> Figure:
    figure.text(0.5, 0.5, reason, ha="center", va="center")
    return figure


def _plain(label: str) -> str:
    """Keep matplotlib from reading mathematics into a name, or hiding it for an underscore."""
    text = str(label).replace("$", r"\$")
    return f" {text}" if text.startswith("_") else text

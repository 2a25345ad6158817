"""The figures of a report, each with a title and words for who cannot see it; as inline SVG."""

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass

import matplotlib as mpl
import pandas as pd
from matplotlib.figure import Figure

from sweeps.analysis.plot.curves import curve_bands, curve_metric, learning_curves
from sweeps.analysis.plot.diagnostics.figures import drawn
from sweeps.analysis.plot.forest import difference_forest, forest_rows
from sweeps.analysis.plot.importance import importance_bars
from sweeps.analysis.plot.parallel import parallel_coordinates
from sweeps.analysis.plot.reaching import time_to_accuracy
from sweeps.analysis.plot.rungs import rung_counts, rungs
from sweeps.analysis.plot.slices import slice_points, slices
from sweeps.analysis.plot.spreads import spread_plot
from sweeps.analysis.plot.style import COLOURS, OPEN
from sweeps.analysis.plot.tradeoff import tolls, tradeoffs
from sweeps.analysis.report.answer import spread_answer
from sweeps.analysis.report.material import Material

INKS = {"#000000": "currentColor", "#ffffff": "var(--page)", OPEN: "var(--open)"} | {
    colour.lower(): f"var(--colour-{number})" for number, colour in enumerate(COLOURS)
}
"""What a page in the dark draws otherwise."""
IMPORTANCE = "What seems to matter (exploratory)"
_SECONDS = "seconds"


@dataclass(frozen=True)
class Picture:
    """A figure.

    Attributes:
        name: of its files, and of its place in the page.
        section: of the report: ``differences``, ``curves``, ``cost``, ``diagnostics``, ``search``.
        title: what it shows.
        words: what there is to see, in sentences.
        figure: to be drawn.
    """

    name: str
    section: str
    title: str
    words: str
    figure: Figure


def pictures(material: Material) -> Iterator[Picture]:
    """Yield the figures for which there are data; that of differences, or spreads, always."""
    table, trials, curves = material.table, material.trials, material.curves
    if table.by_source:
        title, words = "Standard deviation by source", spread_answer(table)[1]
        yield Picture("spreads", "differences", title, words, spread_plot(table))
    else:
        yield Picture(
            *("differences", "differences", "Differences to the baseline"),
            *(_differences(material), difference_forest(table)),
        )
    if len(curves):
        shown = curve_metric(curves, table.measure.name)
        title, words = "Learning curves", _curves(curve_bands(curves, trials, shown), shown)
        yield Picture("curves", "curves", title, words, learning_curves(curves, trials, shown))
    if weighed := [toll.title for toll in tolls(table)]:
        title = f"{table.measure.title} against cost".capitalize()
        words = f"Levels by {' and by '.join(weighed)}."
        yield Picture("costs", "cost", title, words, tradeoffs(table))
    if _SECONDS in curves and len(curves):
        shown = curve_metric(curves, table.measure.name)
        words = "Seconds of training until each level first reached a value, mean over seeds."
        figure = time_to_accuracy(curves, trials, shown)
        yield Picture("time", "cost", f"Time to {table.measure.title}", words, figure)
    for picture, _ in explaining(material):
        yield picture
    if material.searched and material.metric in trials:
        yield from _search(material)


def explaining(material: Material) -> Iterator[tuple[Picture, str]]:
    """Yield the figures of what diagnostics have seen, each with the factor that it is about."""
    several = len(set(material.table.frame["factor"])) > 1
    missing = unseen(material)
    for name, diagnostic, factor, drawing, frame in drawn(material.observations):
        title = f"{drawing.title}: {factor}" if several else drawing.title
        words = [drawing.words(frame), *missing.get((factor, diagnostic), ())]
        yield Picture(name, "diagnostics", title, " ".join(words), drawing.draw(frame)), factor


def unseen(material: Material) -> dict[tuple[str, str], list[str]]:
    """Return in sentences, by factor and diagnostic, at which levels it has not seen all."""
    told: dict[tuple[str, str], list[str]] = {}
    for row in material.unseen.to_dict("records"):
        words = told.setdefault((row["factor"], row["diagnostic"]), [])
        words.append(f"{row['level']}: {row['words'].rstrip('.')}.")
    return told


def unpictured(material: Material) -> dict[str, list[tuple[str, str]]]:
    """Return by factor the diagnostics without a figure: where their data are, what they lack."""
    pictured = {(factor, name) for _, name, factor, _, _ in drawn(material.observations)}
    data = {
        (str(factor), name): [f"Its data are in {name}.parquet; there is no figure of them."]
        for name, frame in material.observations.items()
        for factor in frame["factor"].unique()
    }
    missing, told = unseen(material), dict[str, list[tuple[str, str]]]()
    for place in dict.fromkeys([*data, *missing]):
        if place not in pictured:
            factor, name = place
            words = [*data.get(place, ()), *missing.get(place, ())]
            told.setdefault(factor, []).append((name, " ".join(words)))
    return told


def _search(material: Material) -> Iterator[Picture]:
    """Yield the figures of a search whose trials have values."""
    trials, curves, metric = material.trials, material.curves, material.metric
    if slice_points(trials, metric).empty:
        return
    agreement = material.agreement()
    counts = rung_counts(trials, curves, agreement).to_dict("records")
    told = [f"after epoch {c['epoch']}, {c['went_on']} of {c['reached']} went on" for c in counts]
    words = f"Every trial by epoch{': ' if told else ''}{'; '.join(told)}."
    figure = rungs(trials, curves, metric, agreement)
    yield Picture("search-rungs", "search", "Who survived the search", words, figure)
    words = "Every trial's value of each parameter, and what came of the trial."
    yield Picture("search-slices", "search", "Along each parameter", words, slices(trials, metric))
    if material.importance and len(material.importance.frame):
        words = material.importance.words()
        figure = importance_bars(material.importance)
        yield Picture("search-importance", "search", IMPORTANCE, words, figure)
    words = "A line a trial that ran to its end, across an axis a parameter."
    figure = parallel_coordinates(trials, metric)
    yield Picture("search-parallel", "search", "All parameters at once", words, figure)


def _differences(material: Material) -> str:
    """Read the forest plot aloud."""
    rows = forest_rows(material.table)
    told = [
        f"{row['label']}:" if row["heading"] else f"{row['label']} {' '.join(row['text'].split())};"
        for row in rows.to_dict("records")
    ]
    return " ".join(told).rstrip(";") + "." if told else "There is no level to compare."


def _curves(bands: pd.DataFrame, metric: str) -> str:
    """Read the ends of the learning curves aloud."""
    ends = bands.dropna(subset="mean").groupby(["factor", "level"], sort=False).tail(1)
    last = bands["epoch"].max()
    told = [
        f"{row['level']} {row['mean']:.3g}"
        + (f" (epoch {row['epoch']})" if row["epoch"] < last else "")
        for row in ends.to_dict("records")
    ]
    return f"{metric.replace('/', ' ')} at the last epoch: {', '.join(told)}." if told else ""


def inline(picture: Picture) -> str:
    """Draw a figure as SVG that can stand in a page: its ids its own, its inks the page's."""
    drawn = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": picture.name, "svg.fonttype": "none"}):
        picture.figure.savefig(
            drawn, format="svg", transparent=True, dpi=110, metadata={"Date": None}
        )
    svg = drawn.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.S)
    svg = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{picture.name}-", svg)
    for ink, own in INKS.items():
        svg = re.sub(ink, own, svg, flags=re.I)
    head = re.search(r"<svg[^>]*>", svg)
    assert head is not None
    size = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', head[0])
    assert size is not None
    label = (
        f'role="img" aria-labelledby="{picture.name}-title" aria-describedby="{picture.name}-words"'
    )
    opened = (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'viewBox="0 0 {size[1]} {size[2]}" style="max-width: {size[1]}pt" {label}>'
    )
    return opened + svg[head.end() :]

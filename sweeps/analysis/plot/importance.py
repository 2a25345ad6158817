"""Bars of how much each parameter of a search seems to have mattered."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from sweeps.analysis.importance import Importance
from sweeps.analysis.plot.style import BASELINE, COLOURS, WIDTH, legend_outside, open_axes, plain

_HEIGHT = 0.36


def importance_bars(importance: Importance) -> Figure:
    """Draw a bar a parameter, branch by branch, and a mark where chance would reach."""
    frame = importance.frame
    figure = Figure(figsize=(WIDTH, 1.2 + 0.42 * len(frame)), layout="constrained")
    axes = figure.subplots()
    both = frame["fanova"].notna().any()
    for place, row in enumerate(frame.to_dict("records")):
        shift = _HEIGHT / 2 if both else 0.0
        axes.barh(place - shift, row["ped_anova"], _HEIGHT, color=COLOURS[0])
        axes.plot(
            [row["chance"]] * 2, [place - shift - 0.2, place - shift + 0.2],
            color=BASELINE, linewidth=2,
        )  # fmt: skip
        if both:
            axes.barh(
                place + shift, row["fanova"], _HEIGHT, color="white", edgecolor=COLOURS[1],
                hatch="///",
            )  # fmt: skip
    names = [
        f"{plain(row['parameter'])}\n(n = {row['n']}{', ' if row['branch'] else ''}{row['branch']})"
        for row in frame.to_dict("records")
    ]
    axes.set_yticks(range(len(names)), names, fontsize="small")
    axes.invert_yaxis()
    axes.set_xlim(left=0)
    axes.set_xlabel(
        f"share of variance explained alone, after epoch {importance.epoch} of "
        f"{importance.epochs} (exploratory)"
    )
    _legend(axes, both=bool(both))
    open_axes(axes)
    return figure


def _legend(axes: Axes, *, both: bool) -> None:
    handles = [
        Patch(color=COLOURS[0], label="PED-ANOVA: of being\namong the best quarter"),
        Line2D([], [], color=BASELINE, linewidth=2, label="PED-ANOVA\nby chance, 95 %"),
    ]
    if both:
        handles.append(
            Patch(
                facecolor="white", edgecolor=COLOURS[1], hatch="///", label="fANOVA: of the value"
            )
        )
    legend_outside(axes, handles)

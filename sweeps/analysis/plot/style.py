"""What all figures share: colours, names without mathematics, files."""

from collections.abc import Hashable, Iterable, Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

# Okabe and Ito (2008), "Color Universal Design": told apart with any common colour blindness and,
# with the line styles and markers, in grey. Black is the baseline's.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00")
STYLES = ("-", "--", ":", "-.")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">")
BASELINE = "black"
OPEN = "#767676"
WIDTH = 7.5
"""Inches: the text of a page in one column."""
MANY = 2000
"""Points or lines above which a figure holds them as an image, within axes that stay vectors."""
NAMED = 10
"""Levels that get a colour and a name where there are more."""

_METADATA = {".png": {}, ".svg": {"Date": None}, ".pdf": {"CreationDate": None}}


def save(figure: Figure, path: Path) -> Path:
    """Write a figure in the format of the path's suffix; the same figure gives the same bytes.

    Raises:
        ValueError: the suffix is neither ``.png`` nor ``.svg`` nor ``.pdf``.
    """
    if path.suffix not in _METADATA:
        raise ValueError(f"cannot draw {path.name}: name it .png, .svg or .pdf")
    path.parent.mkdir(parents=True, exist_ok=True)
    with mpl.rc_context({"svg.hashsalt": "sweeps"}):
        figure.savefig(path, dpi=200, metadata=_METADATA[path.suffix])
    return path


def without_data(figure: Figure, reason: str) -> Figure:
    """Let a figure say why there is nothing to see."""
    figure.text(0.5, 0.5, reason, ha="center", va="center")
    return figure


def plain(label: object) -> str:
    """Keep matplotlib from reading mathematics into a name, or hiding it for an underscore."""
    text = str(label).replace("$", r"\$")
    return f" {text}" if text.startswith("_") else text


def open_axes(axes: Axes) -> None:
    """Take the frame off the top and the right."""
    axes.spines[["top", "right"]].set_visible(False)


def legend_outside(axes: Axes, handles: Sequence[Artist], title: str | None = None) -> None:
    """Put a legend of labelled artists to the right of the axes, where it hides nothing."""
    axes.legend(
        handles=handles,
        title=title,
        loc="upper left",
        bbox_to_anchor=(1.01, 1.0),
        frameon=False,
        fontsize="small",
        title_fontsize="small",
    )


def looks(levels: Iterable[tuple[Hashable, bool]]) -> dict[Hashable, tuple[str, str, str]]:
    """Give every level a colour, a line style and a marker; the baseline is black and solid.

    Args:
        levels: each level's name, and whether it is the baseline, in the order of the study.
    """
    found: dict[Hashable, tuple[str, str, str]] = {}
    number = 0
    for level, baseline in levels:
        if baseline:
            found[level] = (BASELINE, "-", "o")
            continue
        style = STYLES[number // len(COLOURS) % len(STYLES)]
        marker = MARKERS[(number + 1) % len(MARKERS)]
        found[level] = (COLOURS[number % len(COLOURS)], style, marker)
        number += 1
    return found

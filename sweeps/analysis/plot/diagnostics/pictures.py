"""Kernels, feature maps and the hardest images, as pictures."""

import math
from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from sweeps.analysis.plot.diagnostics.panels import (
    Picture,
    at_the_last_epoch,
    ended,
    grid,
    headings,
    level_looks,
    levels,
    line_axes,
    mosaic,
    number,
    paper,
    pictures_only,
    split_words,
    stretched,
)
from sweeps.analysis.plot.style import legend_outside, plain

KERNELS = 64
HARDEST = 8
ACROSS = 6
"""Columns of feature maps: with more of them each image has its own row."""


def kernel_pictures(frame: pd.DataFrame) -> list[Picture]:
    """Return the kernels of a level that have pictures, (H, W, 3) each, all stretched alike.

    Of other than three channels the mean over them is shown, in grey.
    """
    drawn = frame.dropna(subset="values").head(KERNELS)
    if drawn.empty:
        return []
    kernels = [
        np.asarray(row["values"], dtype=np.float64).reshape(
            row["channels"], row["height"], row["width"]
        )
        for row in drawn.to_dict("records")
    ]
    if kernels[0].shape[0] != 3:
        kernels = [np.repeat(kernel.mean(0, keepdims=True), 3, axis=0) for kernel in kernels]
    return list(stretched(np.stack(kernels)).transpose(0, 2, 3, 1))


def first_kernels(frame: pd.DataFrame) -> Figure:
    """Draw the first layer's kernels at the last epoch, a panel a level."""
    names = levels(frame)
    figure, axes = grid(1, len(names), height=2.6, share=None)
    headings(axes, names)
    for place, level in zip(axes[0], names, strict=True):
        pictures_only(place)
        shown = kernel_pictures(frame[frame["level"] == level])
        if shown:
            across = math.ceil(len(shown) ** 0.5)
            place.imshow(paper(mosaic(shown, across)), interpolation="nearest")
    return figure


def kernel_words(frame: pd.DataFrame) -> str:
    """Say how many kernels of each level are drawn, and how."""
    told = [
        f"{name} {len(kernel_pictures(frame[frame['level'] == level]))}"
        for level, name in ended(frame).items()
    ]
    return f"Kernels at the last epoch: {', '.join(told)}; those of a level stretched alike."


def kernel_magnitudes(frame: pd.DataFrame) -> pd.DataFrame:
    """Return mean and standard deviation over kernels of their norms, by level and epoch."""
    groups = frame.groupby(["level", "epoch"], sort=False)["magnitude"]
    return groups.agg(mean="mean", sd=lambda values: values.std(ddof=0)).reset_index()


def magnitudes(frame: pd.DataFrame) -> Figure:
    """Draw the kernels' norms by epoch, a line and a band a level."""
    found, look = kernel_magnitudes(frame), level_looks(frame)
    figure, axes = grid(1, 1, height=2.8)
    lines = []
    for level in levels(frame):
        rows = found[found["level"] == level].sort_values("epoch")
        colour, style, _ = look[level]
        (line,) = axes[0, 0].plot(rows["epoch"], rows["mean"], style, color=colour)
        low, high = rows["mean"] - rows["sd"], rows["mean"] + rows["sd"]
        axes[0, 0].fill_between(rows["epoch"], low, high, color=colour, alpha=0.15, linewidth=0)
        line.set_label(plain(level))
        lines.append(line)
    line_axes(axes[0, 0])
    axes[0, 0].xaxis.set_major_locator(MaxNLocator(integer=True))
    axes[0, 0].set_xlabel("epoch (band: one standard deviation over kernels)", fontsize="small")
    axes[0, 0].set_ylabel("norm of a kernel", fontsize="small")
    legend_outside(axes[0, 0], lines)
    return figure


def magnitude_words(frame: pd.DataFrame) -> str:
    """Say the mean norm at the last epoch, level by level."""
    last = kernel_magnitudes(at_the_last_epoch(frame)).set_index("level")["mean"]
    told = [f"{name} {number(last[level], '.3g')}" for level, name in ended(frame).items()]
    return f"Mean norm of the first layer's kernels at the last epoch: {', '.join(told)}."


def map_pictures(frame: pd.DataFrame) -> dict[int, list[tuple[str, list[Picture]]]]:
    """Return of a level the maps of each image by layer, from the input on, (H, W) each."""
    ordered = frame.sort_values(["depth", "channel"])
    return {
        int(image): [
            (str(layer), [_picture(row) for row in rows.to_dict("records")])
            for layer, rows in ordered[ordered["image"] == image].groupby("layer", sort=False)
        ]
        for image in sorted(frame["image"].unique())
    }


def _picture(row: Mapping[Hashable, Any]) -> Picture:
    return np.asarray(row["values"], dtype=np.float64).reshape(row["height"], row["width"])


def feature_maps(frame: pd.DataFrame) -> Figure:
    """Draw each image and its maps by depth (down): of all levels (across), image by image."""
    names = levels(frame)
    found = {level: map_pictures(frame[frame["level"] == level]) for level in names}
    images = [int(image) for image in sorted(frame["image"].unique())]
    blocks = [(image, level, found[level].get(image, [])) for image in images for level in names]
    across = len(blocks) if len(blocks) <= ACROSS else len(names)
    down = max(len(layers) for *_, layers in blocks)
    figure, axes = grid(down * len(blocks) // across, across, height=1.3, share=None)
    for panel in axes.flat:
        pictures_only(panel)
    for place, (image, level, layers) in enumerate(blocks):
        row, column = place // across * down, place % across
        axes[row, column].set_title(plain(f"{level}\nimage {image}"), fontsize="small")
        for panel, (layer, maps) in zip(axes[row:, column], layers, strict=False):
            _draw_maps(panel, layer, maps)
    return figure


def _draw_maps(axes: Axes, layer: str, maps: list[Picture]) -> None:
    if layer == "image":
        shown = np.stack(maps[:3] if len(maps) >= 3 else maps[:1] * 3, axis=-1)
        axes.imshow(shown, interpolation="nearest")
        return
    sheet = mosaic([stretched(one) for one in maps], 4)
    axes.imshow(sheet, cmap="cividis", interpolation="nearest", vmin=0, vmax=1)
    axes.set_title(plain(layer), fontsize="xx-small", pad=2)


def map_words(frame: pd.DataFrame) -> str:
    """Say of which images the maps are, and what their colours mean."""
    some, of = ("One", "it") if frame["image"].nunique() == 1 else ("Some", "them")
    return (
        f"{some} of the {split_words(frame)}, and what the activations make of {of}, from the "
        "input down: each map from its least (dark) to its largest value (bright), grey where it "
        "is the same throughout, blank where it is not finite."
    )


def hardest_images(frame: pd.DataFrame) -> Figure:
    """Draw the hardest images of each level in a row: class, and what it was taken for."""
    names = levels(frame)
    figure, axes = grid(len(names), HARDEST, height=1.4, share=None)
    for place in axes.flat:
        pictures_only(place)
    for row, level in enumerate(names):
        axes[row, 0].set_ylabel(plain(level), fontsize="small")
        mine = frame[frame["level"] == level].head(HARDEST)
        for place, told in zip(axes[row], mine.to_dict("records"), strict=False):
            shape = told["height"], told["width"], told["channels"]
            pixels = np.asarray(told["values"], dtype=np.uint8).reshape(shape)
            place.imshow(pixels if shape[-1] == 3 else pixels[..., 0], cmap="gray")
            said = f"{told['true']}\nsaid {told['predicted']}\nat {told['confidence']:.0%}"
            place.set_title(plain(said), fontsize="xx-small", pad=2)
    return figure


def hardest_words(frame: pd.DataFrame) -> str:
    """Say of each level which image is its hardest."""
    told = []
    for level in levels(frame):
        row = frame[frame["level"] == level].iloc[0]
        told.append(
            f"{level} {row['split']} image {row['image']} (class {row['true']}, said "
            f"{row['predicted']})"
        )
    return f"The hardest: {'; '.join(told)}."

"""A study's trainings as TensorBoard shows them: curves, histograms, pictures, a run a trial."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from tensorboardX import SummaryWriter

from sweeps.analysis.plot.diagnostics.panels import Picture, mosaic, stretched
from sweeps.analysis.plot.diagnostics.pictures import kernel_pictures, map_pictures
from sweeps.record.observations import CELL
from sweeps.record.results import Results

_GAP = 1.0  # white
_OURS = ".sweeps"
"""How event files of ours end."""


def export(results: Results, folder: Path) -> None:
    """Write every trial of the ablation into a folder of its own, below the study's in ``folder``.

    Steps are epochs. Histograms and pictures are those of the trials that diagnostics looked at.
    A run that was written before is written anew; what else lies in its folder stays.

    Raises:
        ValueError: The folder cannot be written.
    """
    trials = results.trials
    ablation = trials[trials["role"] == "ablation"].drop_duplicates(["factor", "level", "seed"])
    told = {key: _of_an_epoch(frame) for key, frame in results.observations.items()}
    folder /= results.study["name"]
    try:
        for cell in ablation.to_dict("records"):
            name = f"{cell['factor']}={cell['level']}, seed {cell['seed']}".replace("/", "-")
            for earlier in (folder / name).glob(f"events.out.tfevents.*{_OURS}"):
                earlier.unlink()
            with SummaryWriter(str(folder / name), filename_suffix=_OURS) as writer:
                _curves(writer, results.curves[results.curves["trial"] == cell["trial"]])
                seen = {key: _of(frame, cell) for key, frame in results.observations.items()}
                for diagnostic, frame in seen.items():
                    _numbers(writer, diagnostic, frame, *told[diagnostic])
                _histograms(writer, seen.get("histograms"))
                for tag, picture in _pictures(seen):
                    sheet = np.nan_to_num(picture, nan=_GAP)
                    writer.add_image(tag, sheet, cell["epochs"], dataformats="HWC")
    except OSError as error:
        raise ValueError(f"cannot write {folder}: {error.strerror}; give another DIR") from None


def _of(frame: pd.DataFrame, cell: dict[Any, Any]) -> pd.DataFrame:
    """Return what was seen of one cell; nothing where it was not looked at."""
    same = [frame[name] == cell[name] for name in ("factor", "level", "trial")]
    return frame[np.logical_and.reduce(same)]


def _curves(writer: SummaryWriter, curves: pd.DataFrame) -> None:
    """Write each metric by epoch."""
    for name in curves.columns.difference(["trial", "epoch", "time"], sort=False):
        for epoch, value in curves[["epoch", name]].dropna().itertuples(index=False):
            writer.add_scalar(str(name), value, int(epoch))


def _of_an_epoch(frame: pd.DataFrame) -> tuple[list[str], list[str]]:
    """Return the columns that name a number, and those that hold one, if an epoch has one of each.

    Whole numbers and classes are places (a step, an image): where there are any it has several.
    """
    own = frame.drop(columns=[*CELL, "epoch", "depth"], errors="ignore")
    names: list[str] = own.select_dtypes("string").columns.tolist()
    numbers: list[str] = own.select_dtypes("float").columns.tolist()
    several = frame.duplicated([*CELL, "epoch", *names]).any()
    if several or len(own.select_dtypes(["integer", "bool", "category"]).columns):
        return [], []
    return names, numbers


def _numbers(
    writer: SummaryWriter,
    diagnostic: str,
    frame: pd.DataFrame,
    names: list[str],
    numbers: list[str],
) -> None:
    """Write what a diagnostic tells once an epoch, of a layer or a split say, as curves."""
    for number in numbers:
        for row in frame.dropna(subset=["epoch", number]).to_dict("records"):
            of = [row[name] for name in names if isinstance(row[name], str)]
            writer.add_scalar("/".join([diagnostic, number, *of]), row[number], int(row["epoch"]))


def _histograms(writer: SummaryWriter, frame: pd.DataFrame | None) -> None:
    """Write weights and gradients by layer and epoch."""
    for row in () if frame is None else frame.to_dict("records"):
        counts = np.asarray(row["counts"], dtype=np.float64)
        if not counts.any():
            continue  # what was not finite has no histogram
        edges = np.linspace(row["low"], row["high"], len(counts) + 1)
        middles = (edges[1:] + edges[:-1]) / 2
        writer.add_histogram_raw(
            f"{row['quantity']}/{row['layer']}", row["low"], row["high"], int(counts.sum()),
            float((middles * counts).sum()), float((middles**2 * counts).sum()),
            edges[1:].tolist(), counts.tolist(), row["epoch"],
        )  # fmt: skip


def _pictures(seen: dict[str, pd.DataFrame]) -> Iterator[tuple[str, Picture]]:
    """Yield kernels, maps and hardest images, (H, W, 3) in [0, 1] each, by their tags."""
    if len(frame := seen.get("first_kernels", _NONE)) and (kernels := kernel_pictures(frame)):
        yield "kernels_of_the_first_layer", mosaic(kernels, 8)
    if len(frame := seen.get("feature_maps", _NONE)):
        for image, layers in map_pictures(frame).items():
            for layer, maps in layers:
                grey = mosaic([stretched(one) for one in maps], 4)
                yield f"feature_maps/{image}/{layer}", np.repeat(grey[..., None], 3, axis=-1)
    if len(frame := seen.get("hardest_images", _NONE)):
        shown = [
            np.asarray(row["values"], dtype=np.float64).reshape(
                row["height"], row["width"], row["channels"]
            )
            / 255
            for row in frame.to_dict("records")
        ]
        wide = [np.repeat(one[..., :1], 3, axis=-1) if one.shape[-1] != 3 else one for one in shown]
        yield "hardest_images", mosaic(wide, 4)


_NONE = pd.DataFrame()

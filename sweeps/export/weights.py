"""The weights of an exported trial as safetensors, beside its recipe."""

from dataclasses import asdict
from pathlib import Path

from safetensors.torch import save_file

from cifar_models import checkpoint as checkpoints
from cifar_models.architectures import ImageShape
from cifar_models.provenance import Provenance, read_recipe
from sweeps.record.places import checkpoint_url


def export_weights(recipe: Path, storage: str, data_dir: Path | None) -> tuple[Path, ImageShape]:
    """Write the weights of the trial that an exported recipe names, of the epoch that counts.

    Args:
        recipe: As `sweeps export` wrote it; the weights get its name with ``.safetensors``.
        storage: Where checkpoints are.
        data_dir: Where data sets lie; they say which images the network wants.

    Returns:
        The file, whose metadata hold trial, epoch and shape of the images, and that shape.

    Raises:
        ValueError: The checkpoint is gone or damaged, or the data or the place are not there.
    """
    wanted, provenance = read_recipe(recipe)
    epoch, weights = _selected(provenance, storage)
    shape = wanted.dataset.build(data_dir).shape
    told = {"trial": provenance.trial, "epoch": epoch, **asdict(shape)}
    out = recipe.with_suffix(".safetensors")
    tensors = {name: tensor.contiguous() for name, tensor in weights.items()}
    try:
        save_file(tensors, out, {name: str(value) for name, value in told.items()})
    except OSError as error:
        raise ValueError(f"cannot write {out}: {error}") from None
    return out, shape


def _selected(provenance: Provenance, storage: str) -> tuple[int, checkpoints.Weights]:
    assert provenance.trial is not None
    url = checkpoint_url(storage, provenance.trial)
    try:
        return checkpoints.load(url).selected(provenance.selection)
    except FileNotFoundError:
        raise ValueError(
            f"there are no weights of trial {provenance.trial}: {url} is gone; train the recipe "
            "again with `python -m cifar_models`, or the study with --fresh"
        ) from None

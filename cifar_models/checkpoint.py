"""Checkpoints: tensors and plain data, written whole or not at all, read without unpickling code."""

import io
import os
import pickle
import zipfile
from dataclasses import dataclass, field
from typing import Any

import fsspec
import torch
from torch import Tensor

FORMAT = 1

Weights = dict[str, Tensor]


@dataclass(frozen=True)
class Checkpoint:
    """A training at the end of an epoch."""

    epoch: int
    weights: Weights
    """Of the last epoch."""
    optimizer: dict[str, Any]
    scaler: dict[str, Any]
    history: list[dict[str, Any]]
    """One plain epoch result an epoch."""
    best_epoch: int = 0
    """The epoch of the highest validation accuracy; 0 without validation."""
    best_weights: Weights = field(default_factory=dict)


def save(checkpoint: Checkpoint, url: str) -> None:
    """Write a checkpoint to a path or URL so that a reader sees the old one or the new one.

    Raises:
        OSError: The place cannot be written.
    """
    buffer = io.BytesIO()
    torch.save({"format": FORMAT} | vars(checkpoint), buffer)
    files, path = fsspec.core.url_to_fs(url)
    files.makedirs(path.rpartition("/")[0], exist_ok=True)
    if "file" in files.protocol:
        temporary = f"{path}.{os.getpid()}.tmp"
        with open(temporary, "wb") as stream:  # noqa: PTH123 - a plain name, not a Path
            stream.write(buffer.getbuffer())
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, path)  # noqa: PTH105
    else:
        files.pipe_file(path, buffer.getvalue())  # an object store shows whole objects only


def load(url: str, device: str = "cpu") -> Checkpoint:
    """Read a checkpoint.

    Raises:
        FileNotFoundError: There is none.
        ValueError: It is torn, tampered with, or of another format.
    """
    with fsspec.open(url, "rb") as stream:
        content = stream.read()
    try:
        data = torch.load(io.BytesIO(content), map_location=device, weights_only=True)
        version = data.pop("format")
        if version != FORMAT:
            raise ValueError(f"{url} has checkpoint format {version}, this version reads {FORMAT}")
        return Checkpoint(**data)
    except (RuntimeError, EOFError, KeyError, TypeError, AttributeError,
            pickle.UnpicklingError, zipfile.BadZipFile) as error:  # fmt: skip
        raise ValueError(f"{url} is no whole checkpoint of this project: {error}") from None


def remove(url: str) -> None:
    """Delete a checkpoint if it is there."""
    files, path = fsspec.core.url_to_fs(url)
    if files.exists(path):
        files.rm(path)

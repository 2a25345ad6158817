"""Checkpoints: tensors and plain data, written whole or not at all, read without running code."""

import contextlib
import io
import os
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import fsspec
import torch
from torch import Tensor, nn

FORMAT = 1

Weights = dict[str, Tensor]


def copy_of(module: nn.Module) -> Weights:
    """Return copies of all that a module's state holds."""
    return {name: value.detach().clone() for name, value in module.state_dict().items()}


@dataclass(frozen=True)
class Checkpoint:
    """A training at the end of an epoch."""

    signature: str
    """Of the recipe that is trained."""
    seed: int
    epoch: int
    weights: Weights
    """Of the last epoch: those that learn, until the training is over."""
    optimizer: dict[str, Any]
    """Its state, and the scaler's; empty when the training is over."""
    scaler: dict[str, Any]
    history: list[dict[str, Any]]
    """One plain epoch result an epoch."""
    best_epoch: int = 0
    """The epoch of the highest validation accuracy; 0 without validation."""
    best_weights: Weights = field(default_factory=dict)
    averaged: Weights = field(default_factory=dict)
    """Those of the last epoch that count, while they are others than ``weights``.

    Their running statistics are those of ``weights`` where the epoch was not measured.
    """
    observations: dict[str, dict[str, list[Any]]] = field(default_factory=dict)
    """What diagnostics have seen: columns by name, by the diagnostic's key."""
    missed: dict[str, str] = field(default_factory=dict)
    """Why one has not seen the training, by its key."""

    def selected(self, rule: Literal["last", "best"]) -> tuple[int, Weights]:
        """Return the epoch that a selection rule chooses, and its weights.

        Raises:
            ValueError: ``best`` without any epoch that was validated.
        """
        if rule == "last":
            return self.epoch, self.averaged or self.weights
        if not self.best_epoch:
            raise ValueError("there is no best epoch: none was measured on validation images")
        return self.best_epoch, self.best_weights


def save(checkpoint: Checkpoint, url: str) -> None:
    """Write a checkpoint to a path or URL so that a reader sees the old one or the new one.

    The old one is kept beside it until the training is over: see `restore`.

    Raises:
        OSError: The place cannot be written.
    """
    buffer = io.BytesIO()
    torch.save({"format": FORMAT} | vars(checkpoint), buffer)
    files, path = fsspec.core.url_to_fs(url)
    files.makedirs(path.rpartition("/")[0], exist_ok=True)
    keep_old = bool(checkpoint.optimizer)
    if "file" in files.protocol:
        _replace(Path(path), buffer.getbuffer(), keep_old=keep_old)
        return
    if keep_old and files.exists(path):
        files.cp_file(path, _previous(path))
    files.pipe_file(path, buffer.getvalue())  # an object store shows whole objects only
    if not keep_old and files.exists(_previous(path)):
        files.rm_file(_previous(path))


def _replace(path: Path, content: memoryview, *, keep_old: bool) -> None:
    temporary, previous = path.with_name(f"{path.name}.{os.getpid()}.tmp"), Path(_previous(path))
    try:
        with temporary.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        previous.unlink(missing_ok=True)
        if keep_old:
            with contextlib.suppress(OSError):  # there is none, or the disk knows no links
                os.link(path, previous)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def restore(url: str) -> Checkpoint:
    """Read a checkpoint to go on from: the one before it, where it is damaged.

    Raises:
        FileNotFoundError: There is none.
        ValueError: Both are torn, tampered with, or of another format.
    """
    try:
        return load(url)
    except (FileNotFoundError, ValueError):
        with contextlib.suppress(FileNotFoundError, ValueError):
            return load(_previous(url))
        raise


def _previous(path: str | Path) -> str:
    return f"{path}.previous"


def load(url: str, device: str = "cpu") -> Checkpoint:
    """Read a checkpoint.

    Raises:
        FileNotFoundError: There is none.
        ValueError: It is torn, tampered with, or of another format.
    """
    with fsspec.open(url, "rb") as stream:
        content = stream.read()
    try:
        data = _unpacked(content, device)
        version = data.pop("format")
        if version == FORMAT:
            return Checkpoint(**data)
    except Exception as error:  # whatever a torn or foreign file provokes
        reason = str(error).partition("\n")[0]
        raise ValueError(f"{url} is no whole checkpoint of this project: {reason}") from None
    raise ValueError(f"{url} has checkpoint format {version}, this version reads {FORMAT}")


def _unpacked(content: bytes, device: str) -> dict[str, Any]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        damaged = archive.testzip()  # torch itself ignores the checksums that it writes
    if damaged is not None:
        raise ValueError(f"{damaged} is damaged")
    data: dict[str, Any] = torch.load(io.BytesIO(content), map_location=device, weights_only=True)
    return data


def remove(url: str) -> None:
    """Delete a checkpoint if it is there, and the one before it."""
    files, path = fsspec.core.url_to_fs(url)
    for name in (path, _previous(path)):
        if files.exists(name):
            files.rm(name)

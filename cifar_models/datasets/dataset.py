"""What a data set is to the rest of the project: arrays in memory, and the kind that makes them."""

import hashlib
import warnings
from abc import abstractmethod
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cifar_models.architectures.architecture import ImageShape
from cifar_models.component import Component
from cifar_models.pixels import Canvas, Margin


def as_tensor(array: NDArray[Any]) -> Tensor:
    """Return a tensor that shares the array's memory; it may be read-only: never write to it."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The given NumPy array is not writable")
        return torch.from_numpy(array)


@dataclass(frozen=True)
class Images:
    """Labelled images; shared between processes without a copy, so never written to."""

    pixels: NDArray[np.uint8]
    """(N, height, width, channels)"""
    labels: NDArray[np.int64]
    """(N,), from 0"""

    def __len__(self) -> int:
        return len(self.labels)

    def first(self, number: int) -> "Images":
        """Return so many images, or all where there are fewer; they share memory."""
        return Images(self.pixels[:number], self.labels[:number])

    def on(self, device: str) -> tuple[Tensor, Tensor]:
        """Return pixels (N, H, W, C) uint8 and labels (N,) on a device, moved there once.

        On the CPU they share memory with the arrays: index them, never write.
        """
        if device not in self._moved:
            with torch.inference_mode(False):  # what comes later may want gradients with them
                pixels, labels = as_tensor(self.pixels), as_tensor(self.labels)
                self._moved[device] = pixels.to(device), labels.to(device)
        return self._moved[device]

    def __getstate__(self) -> dict[str, Any]:
        """Leave behind what has been laid out on this process's devices."""
        caches = ("_moved", "_canvases")
        return {name: value for name, value in vars(self).items() if name not in caches}

    @cached_property
    def _moved(self) -> dict[str, tuple[Tensor, Tensor]]:
        return {}

    def canvas(self, device: str, margin: Margin, mirrors: bool) -> Canvas:
        """Return the pixels laid out on a device; the last is kept, for trial after trial."""
        key = (device, margin, mirrors)
        if key not in self._canvases:
            self._canvases.clear()
            self._canvases[key] = Canvas(as_tensor(self.pixels).to(device), margin, mirrors)
        return self._canvases[key]

    @cached_property
    def _canvases(self) -> dict[tuple[str, Margin, bool], Canvas]:
        return {}

    @cached_property
    def statistics(self) -> tuple[Tensor, Tensor]:
        """Mean and standard deviation (C,) float32 of each channel, from exact integer sums."""
        channels = self.pixels.shape[-1]
        levels = np.arange(256)
        counts = [np.bincount(self.pixels[..., c].ravel(), minlength=256) for c in range(channels)]
        total = np.array([(count * levels).sum() for count in counts])
        squares = np.array([(count * levels**2).sum() for count in counts])
        mean = total * channels / self.pixels.size
        variance = squares * channels / self.pixels.size - mean**2
        std = np.sqrt(np.maximum(variance, 1.0))  # at least one grey level
        return torch.tensor(mean, dtype=torch.float32), torch.tensor(std, dtype=torch.float32)


@dataclass(frozen=True)
class ImageData:
    """A whole data set: its official training and test images, and the names of its classes."""

    train: Images
    test: Images
    classes: tuple[str, ...]

    @property
    def shape(self) -> ImageShape:
        """What an architecture needs to know of the images."""
        _, height, width, channels = self.train.pixels.shape
        return ImageShape(channels, height, width, len(self.classes))

    @cached_property
    def fingerprint(self) -> str:
        """sha256 (hex) over the shapes and bytes of all arrays: the data's part of an identity."""
        digest = hashlib.sha256()
        for images in (self.train, self.test):
            for array in (images.pixels, images.labels):
                digest.update(f"{array.dtype.str}{array.shape}".encode())
                digest.update(np.ascontiguousarray(array).data)
        return digest.hexdigest()


class Dataset(Component, kind="dataset"):
    """A labelled set of images, split officially into training and test images."""

    @abstractmethod
    def build(self, data_dir: Path | None) -> ImageData:
        """Load or render the images.

        Args:
            data_dir: Folder that holds the files; ``None`` means ``./data``.

        Raises:
            ValueError: Files are absent or corrupt; the sentence says which, and what to do.
        """

    def lacking(self, data_dir: Path | None) -> list[str]:
        """Return the files that are absent or corrupt, without fetching anything."""
        return []

"""What a data set is to the rest of the project: arrays in memory, and the kind that makes them."""

import hashlib
from abc import abstractmethod
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cifar_models.architectures.architecture import ImageShape
from cifar_models.component import Component


@dataclass(frozen=True)
class Images:
    """Labelled images; shared between processes without a copy, so never written to."""

    pixels: NDArray[np.uint8]
    """(N, height, width, channels)"""
    labels: NDArray[np.int64]
    """(N,), from 0"""

    def __len__(self) -> int:
        return len(self.labels)


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

"""The images of a study: loaded and checked once by the driver, shared by every trial of a node."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ray
from ray.exceptions import ObjectStoreFullError, OutOfDiskError

from cifar_models.architectures import ImageShape
from cifar_models.datasets import ImageData
from cifar_models.recipe import Recipe
from cifar_models.splits import Partition, partition
from sweeps.execution.trainable import HeldOut, TrainingImages
from sweeps.execution.trial_source import data_key


@dataclass(frozen=True)
class Source:
    """A data set under one split, in the driver."""

    data: ImageData
    parts: Partition
    fingerprint: str

    @property
    def shape(self) -> ImageShape:
        """Shape of an image and number of classes."""
        return self.data.shape


class ImageStore:
    """Loads each data set once, cuts each split once, and shares training and test images apart.

    A worker that trains is given a handle on training and validation images alone.
    """

    def __init__(self, data_dir: Path | None) -> None:
        self._data_dir = data_dir
        self._datasets: dict[str, tuple[ImageData, str]] = {}
        self._sources: dict[str, Source] = {}
        self._tests: dict[str, ray.ObjectRef[Any]] = {}

    def source(self, recipe: Recipe) -> Source:
        """Return the images of a recipe.

        Raises:
            ValueError: The data set is not there, or the split asks too much of it.
        """
        key = data_key(recipe)
        if key not in self._sources:
            name = recipe.dataset.model_dump_json()
            if name not in self._datasets:
                data = recipe.dataset.build(self._data_dir)
                self._datasets[name] = data, data.fingerprint
            data, fingerprint = self._datasets[name]
            self._sources[key] = Source(data, partition(data, recipe.split), fingerprint)
        return self._sources[key]

    def sizes(self, recipe: Recipe) -> dict[str, int]:
        """Return how many images there are to train, to validate and to test on."""
        parts = self.source(recipe).parts
        counted = {"train": parts.train, "validation": parts.validation, "test": parts.test}
        return {name: len(images.labels) if images else 0 for name, images in counted.items()}

    def share(self) -> dict[str, ray.ObjectRef[Any]]:
        """Put the training and validation images into Ray's object store.

        Raises:
            ValueError: Neither the store nor the disk behind it has room.
        """
        return {
            key: _put(
                TrainingImages(
                    source.parts.train, source.parts.validation, source.shape.num_classes
                )
            )
            for key, source in self._sources.items()
        }

    def share_test(self, recipe: Recipe) -> ray.ObjectRef[Any]:
        """Put the test images of a recipe into Ray's object store, once, as `HeldOut`.

        Raises:
            ValueError: Neither the store nor the disk behind it has room.
        """
        key = data_key(recipe)
        if key not in self._tests:
            source = self.source(recipe)
            self._tests[key] = _put(HeldOut(source.parts.test, source.shape))
        return self._tests[key]


def _put(images: TrainingImages | HeldOut) -> ray.ObjectRef[Any]:
    """Put images into Ray's object store; what it cannot hold in memory, Ray keeps on disk."""
    try:
        return ray.put(images)
    except (ObjectStoreFullError, OutOfDiskError):
        raise ValueError(
            "Ray's object store is full, and so is the disk behind it, where Ray keeps what does "
            "not fit into memory: free some of the disk of Ray's temporary folder (/tmp/ray), or "
            "start Ray with a larger --object-store-memory or another --temp-dir"
        ) from None

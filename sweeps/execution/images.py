"""The images of a study: loaded and checked once by the driver, shared by every trial of a node."""

import itertools
from collections.abc import Iterable
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

    recipe: Recipe
    """One of those that train on it."""
    data: ImageData
    parts: Partition
    fingerprint: str

    @property
    def shape(self) -> ImageShape:
        """Shape of an image and number of classes."""
        return self.data.shape

    def parts_of(self, seed: int) -> Partition:
        """Return the images of a training with this seed."""
        split = self.recipe.split.of(seed)
        return self.parts if split == self.recipe.split.of(0) else partition(self.data, split)


class ImageStore:
    """Loads each data set once, cuts each split once, and shares training and test images apart.

    A worker that trains is given a handle on training and validation images alone. Of a split that
    varies with the seed only the first seed's stays in the driver's memory.
    """

    def __init__(self, data_dir: Path | None) -> None:
        self._data_dir = data_dir
        self._datasets: dict[str, tuple[ImageData, str]] = {}
        self._sources: dict[str, Source] = {}
        self._tests: dict[str, ray.ObjectRef[Any]] = {}

    def source(self, recipe: Recipe) -> Source:
        """Return the images of a recipe; where its split varies with the seed, those of seed 0.

        Raises:
            ValueError: The data set is not there, or the split asks too much of it.
        """
        key = f"{recipe.dataset.model_dump_json()} {recipe.split.model_dump_json()}"
        if key not in self._sources:
            name = recipe.dataset.model_dump_json()
            if name not in self._datasets:
                data = recipe.dataset.build(self._data_dir)
                self._datasets[name] = data, data.fingerprint
            data, fingerprint = self._datasets[name]
            parts = partition(data, recipe.split.of(0))
            self._sources[key] = Source(recipe, data, parts, fingerprint)
        return self._sources[key]

    def sizes(self, recipe: Recipe) -> dict[str, int]:
        """Return how many images there are to train, to validate and to test on."""
        parts = self.source(recipe).parts
        counted = {"train": parts.train, "validation": parts.validation, "test": parts.test}
        return {name: len(images.labels) if images else 0 for name, images in counted.items()}

    def classes(self, recipes: Iterable[Recipe]) -> tuple[str, ...]:
        """Return the names of the classes; none where the recipes' data sets have not the same."""
        found = {tuple(map(str, self.source(recipe).data.classes)) for recipe in recipes}
        return found.pop() if len(found) == 1 else ()

    def share(self, seeds: Iterable[int]) -> dict[str, ray.ObjectRef[Any]]:
        """Put the training and validation images into Ray's object store.

        Args:
            seeds: Of the trainings: each has a cut of its own where the split varies with it.

        Raises:
            ValueError: Neither the store nor the disk behind it has room.
        """
        shared: dict[str, ray.ObjectRef[Any]] = {}
        for source, seed in itertools.product(self._sources.values(), seeds):
            key = data_key(source.recipe, seed)
            if key not in shared:
                parts, classes = source.parts_of(seed), source.shape.num_classes
                shared[key] = _put(TrainingImages(parts.train, parts.validation, classes))
        return shared

    def share_test(self, recipe: Recipe, seed: int) -> ray.ObjectRef[Any]:
        """Put the test images of a trial into Ray's object store, once, as `HeldOut`.

        Raises:
            ValueError: Neither the store nor the disk behind it has room.
        """
        key = data_key(recipe, seed)
        if key not in self._tests:
            source = self.source(recipe)
            self._tests[key] = _put(HeldOut(source.parts_of(seed).test, source.shape))
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

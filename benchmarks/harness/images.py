"""Images to measure with: random ones where content does not matter, and the real CIFAR-10."""

from pathlib import Path

import numpy as np

from cifar_models.datasets import CIFAR10, ImageData, Images

NUM_CLASSES = 10
CIFAR10_TRAIN = 50_000  # images


def random_images(count: int, seed: int = 0) -> Images:
    """Return noise in CIFAR's shape: speed does not depend on what the images show."""
    generator = np.random.default_rng(seed)
    pixels = generator.integers(0, 256, (count, 32, 32, 3), dtype=np.uint8)
    return Images(pixels, generator.integers(0, NUM_CLASSES, count))


def cifar10(data_dir: Path | None) -> ImageData:
    """Return the real data set.

    Raises:
        ValueError: It is not there; the sentence says what to do.
    """
    return CIFAR10().build(data_dir)

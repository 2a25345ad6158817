"""What the tests of augmentations share: images, draws, and a loop over them to compare with."""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cifar_models.augmentation import Augmentation

FILL = torch.tensor([10, 20, 30], dtype=torch.uint8)
LAST = 1 - 2**-24  # the largest float32 that torch.rand gives
Image = NDArray[np.uint8]
Slow = Callable[[Image, list[float]], Image]
"""One image (C, H, W) changed by its draws."""


def batch(count: int = 200, height: int = 32, width: int = 32, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    size = (count, 3, height, width)
    return torch.randint(31, 256, size, generator=generator, dtype=torch.uint8)


def draws(count: int, numbers: int, seed: int = 1) -> Tensor:
    return torch.rand(count, numbers, generator=torch.Generator().manual_seed(seed))


def assert_equals_a_loop(
    augmentation: Augmentation, slow: Slow, height: int, width: int, layout: torch.memory_format
) -> None:
    """Compare with the change of one image after another, the smallest and largest draws first."""
    images = batch(height=height, width=width)
    uniforms = draws(len(images), augmentation.numbers)
    uniforms[0], uniforms[1] = 0.0, LAST
    expected = [slow(i, u) for i, u in zip(images.numpy(), uniforms.double().tolist(), strict=True)]
    augment = augmentation.build(height, width, FILL)
    changed = augment(images.contiguous(memory_format=layout), uniforms)
    np.testing.assert_array_equal(changed.numpy(), np.stack(expected))

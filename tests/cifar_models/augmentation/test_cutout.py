import math

import numpy as np
import pytest
import torch

from cifar_models.augmentation import Augmentation, Cutout
from tests.cifar_models.augmentation.loops import FILL, Image, Slow, assert_equals_a_loop, draws


def slow_cutout(image: Image, draw: list[float], size: int) -> Image:
    """As in the paper's code, for even sizes: rows clip(y - size // 2) to clip(y + size // 2)."""
    _, height, width = image.shape
    y, x = math.floor(draw[0] * height), math.floor(draw[1] * width)
    top, bottom = np.clip([y - size // 2, y + size - size // 2], 0, height)
    left, right = np.clip([x - size // 2, x + size - size // 2], 0, width)
    image = image.copy()
    image[:, top:bottom, left:right] = FILL.numpy()[:, None, None]
    return image


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize(("height", "width"), [(32, 32), (17, 24)])
@pytest.mark.parametrize(
    ("augmentation", "slow"),
    [
        (Cutout(), lambda image, draw: slow_cutout(image, draw, 16)),
        (Cutout(size=5), lambda image, draw: slow_cutout(image, draw, 5)),
    ],
    ids=["cutout16", "cutout5"],
)
def test_equals_a_loop_over_images(
    augmentation: Augmentation, slow: Slow, height: int, width: int, layout: torch.memory_format
) -> None:
    assert_equals_a_loop(augmentation, slow, height, width, layout)


def test_cutout_centres_are_uniform_over_the_image() -> None:
    count = 64 * 300
    images = torch.full((count, 3, 8, 8), 255, dtype=torch.uint8)
    cut = Cutout(size=1).build(8, 8, FILL)(images, draws(count, 2))
    covered = (cut == FILL[:, None, None]).all(1).flatten(1)
    assert torch.equal(covered.sum(1), torch.ones(count, dtype=torch.long))
    counts = covered.sum(0).double()
    assert ((counts - 300).square() / 300).sum().item() < 104  # 63 degrees of freedom, 1 of 1,000


def test_cutout_larger_than_the_image_is_a_sentence() -> None:
    with pytest.raises(ValueError, match="cutout of 16 pixels does not fit into 8x32 images"):
        Cutout().build(8, 32, FILL)

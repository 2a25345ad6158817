import math
from itertools import pairwise

import numpy as np
import pytest
import torch

from cifar_models.augmentation import AlternatingFlip, Augmentation, HorizontalFlip, RandomCrop
from tests.cifar_models.augmentation.loops import (
    FILL,
    LAST,
    Image,
    Slow,
    assert_equals_a_loop,
    batch,
    draws,
)


def slow_crop(image: Image, draw: list[float], padding: int, mode: str = "zeros") -> Image:
    _, height, width = image.shape
    sides = ((0, 0), (padding, padding), (padding, padding))
    padded = np.pad(image, sides, mode="reflect" if mode == "reflect" else "constant")
    down, right = (math.floor(u * (2 * padding + 1)) for u in draw)
    return padded[:, down : down + height, right : right + width]


def slow_flip(image: Image, draw: list[float], probability: float) -> Image:
    return image[:, :, ::-1] if draw[0] < probability else image


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize(("height", "width"), [(32, 32), (17, 24)])
@pytest.mark.parametrize(
    ("augmentation", "slow"),
    [
        (RandomCrop(), lambda image, draw: slow_crop(image, draw, 4)),
        (RandomCrop(padding=1), lambda image, draw: slow_crop(image, draw, 1)),
        (
            RandomCrop(padding=2, mode="reflect"),
            lambda image, draw: slow_crop(image, draw, 2, "reflect"),
        ),
        (AlternatingFlip(), lambda image, draw: slow_flip(image, draw, 0.5)),
        (HorizontalFlip(), lambda image, draw: slow_flip(image, draw, 0.5)),
        (HorizontalFlip(probability=0.1), lambda image, draw: slow_flip(image, draw, 0.1)),
    ],
    ids=["crop4", "crop1", "mirrored crop", "alternating", "flip", "seldom flip"],
)
def test_equals_a_loop_over_images(
    augmentation: Augmentation, slow: Slow, height: int, width: int, layout: torch.memory_format
) -> None:
    assert_equals_a_loop(augmentation, slow, height, width, layout)


def test_crop_offsets_are_uniform_with_both_ends() -> None:
    """A white pixel at (8, 8) of a black image lands at 8 + padding - offset."""
    count = 81 * 400
    images = torch.zeros(count, 1, 17, 17, dtype=torch.uint8)
    images[:, :, 8, 8] = 255
    moved = RandomCrop(padding=4).build(17, 17, FILL[:1])(images, draws(count, 2))
    place = moved.flatten(1).int().argmax(1)
    down, right = 12 - place // 17, 12 - place % 17
    counts = (down * 9 + right).bincount(minlength=81).double()
    assert len(counts) == 81
    chi_squared = ((counts - 400).square() / 400).sum().item()
    assert chi_squared < 125  # 80 degrees of freedom: exceeded by chance in 1 of 1,000 seeds


@pytest.mark.parametrize("padding", [1, 2, 3, 4, 7, 8])
def test_the_largest_draw_is_the_last_offset(padding: int) -> None:
    images = batch(1)
    crop = RandomCrop(padding=padding).build(32, 32, FILL)
    moved = crop(images, torch.tensor([[LAST, LAST]]))
    assert torch.equal(moved[..., :-padding, :-padding], images[..., padding:, padding:])
    assert not moved[..., -padding:, :].any()


def test_the_middle_draw_leaves_the_image() -> None:
    images = batch(4)
    assert torch.equal(RandomCrop().build(32, 32, FILL)(images, torch.full((4, 2), 0.5)), images)


@pytest.mark.parametrize(("probability", "changed"), [(0.0, 0), (0.5, 1000), (1.0, 2000)])
def test_flip_has_its_probability(probability: float, changed: int) -> None:
    images = batch(2000, 4, 5)
    mirrored = HorizontalFlip(probability=probability).build(4, 5, FILL)(images, draws(2000, 1))
    turned = (mirrored != images).flatten(1).any(1)
    assert turned.sum().item() == pytest.approx(changed, abs=100 if 0 < probability < 1 else 0)
    assert torch.equal(mirrored[turned], images[turned].flip(3))


def test_mirroring_wants_images_larger_than_the_padding() -> None:
    RandomCrop(padding=4, mode="reflect").build(5, 5, FILL)
    with pytest.raises(ValueError, match="images of 4x5 cannot be mirrored by 4 pixels"):
        RandomCrop(padding=4, mode="reflect").build(4, 5, FILL)


def test_alternating_flips_mirror_every_image_in_every_other_epoch() -> None:
    images = batch(2000, 2, 3)
    flip = AlternatingFlip()
    turned = [
        (flip.build(2, 3, FILL)(images, flip.draws(7, epoch, 2000, "alternating_flip")) != images)
        .flatten(1)
        .any(1)
        for epoch in range(1, 7)
    ]
    for earlier, later in pairwise(turned):
        assert torch.equal(later, ~earlier)
    assert turned[0].sum().item() == pytest.approx(1000, abs=100)
    other = flip.draws(8, 1, 2000, "alternating_flip")
    assert not torch.equal(other < 0.5, turned[0])


def test_alternating_draws_are_exact_at_the_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    ends = torch.tensor([[0.0], [0.5 - 2**-24], [0.5], [LAST]])
    monkeypatch.setattr("cifar_models.augmentation.augmentation.uniforms", lambda *_: ends)
    even = AlternatingFlip().draws(0, 2, 4, "any")
    assert even.flatten().tolist() == [0.5, LAST, 0.0, 0.5 - 2**-24]


def test_only_an_image_alternates() -> None:
    with pytest.raises(ValueError, match="Input should be 'image'"):
        AlternatingFlip.model_validate({"draw": "batch"})

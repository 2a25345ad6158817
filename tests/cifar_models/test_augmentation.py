import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from cifar_models.augmentation import (
    AlternatingFlip,
    Augmentation,
    Cutout,
    HorizontalFlip,
    RandomCrop,
)
from cifar_models.streams import uniforms

FILL = torch.tensor([10, 20, 30], dtype=torch.uint8)
LAST = 1 - 2**-24  # the largest float32 that torch.rand gives
Image = NDArray[np.uint8]


def batch(count: int = 200, height: int = 32, width: int = 32, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    size = (count, 3, height, width)
    return torch.randint(31, 256, size, generator=generator, dtype=torch.uint8)


def draws(count: int, numbers: int, seed: int = 1) -> Tensor:
    return torch.rand(count, numbers, generator=torch.Generator().manual_seed(seed))


def slow_crop(image: Image, draw: list[float], padding: int, mode: str = "zeros") -> Image:
    _, height, width = image.shape
    sides = ((0, 0), (padding, padding), (padding, padding))
    padded = np.pad(image, sides, mode="reflect" if mode == "reflect" else "constant")
    down, right = (math.floor(u * (2 * padding + 1)) for u in draw)
    return padded[:, down : down + height, right : right + width]


def slow_flip(image: Image, draw: list[float], probability: float) -> Image:
    return image[:, :, ::-1] if draw[0] < probability else image


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
        (RandomCrop(), lambda image, draw: slow_crop(image, draw, 4)),
        (RandomCrop(padding=1), lambda image, draw: slow_crop(image, draw, 1)),
        (
            RandomCrop(padding=2, mode="reflect"),
            lambda image, draw: slow_crop(image, draw, 2, "reflect"),
        ),
        (AlternatingFlip(), lambda image, draw: slow_flip(image, draw, 0.5)),
        (HorizontalFlip(), lambda image, draw: slow_flip(image, draw, 0.5)),
        (HorizontalFlip(probability=0.1), lambda image, draw: slow_flip(image, draw, 0.1)),
        (Cutout(), lambda image, draw: slow_cutout(image, draw, 16)),
        (Cutout(size=5), lambda image, draw: slow_cutout(image, draw, 5)),
    ],
    ids=[
        "crop4",
        "crop1",
        "mirrored crop",
        "alternating",
        "flip",
        "seldom flip",
        "cutout16",
        "cutout5",
    ],
)
def test_equals_a_loop_over_images(  # type: ignore[no-untyped-def]
    augmentation: Augmentation, slow, height: int, width: int, layout: torch.memory_format
) -> None:
    images = batch(height=height, width=width)
    uniforms = draws(len(images), augmentation.numbers)
    uniforms[0], uniforms[1] = 0.0, LAST
    expected = [slow(i, u) for i, u in zip(images.numpy(), uniforms.double().tolist(), strict=True)]
    augment = augmentation.build(height, width, FILL)
    changed = augment(images.contiguous(memory_format=layout), uniforms)
    np.testing.assert_array_equal(changed.numpy(), np.stack(expected))


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
    monkeypatch.setattr("cifar_models.augmentation.uniforms", lambda *_: ends)
    even = AlternatingFlip().draws(0, 2, 4, "any")
    assert even.flatten().tolist() == [0.5, LAST, 0.0, 0.5 - 2**-24]


def test_other_augmentations_draw_anew_in_every_epoch() -> None:
    drawn = RandomCrop().draws(0, 3, 50, "random_crop")
    assert torch.equal(drawn, uniforms(0, 3, "random_crop", 50, 2))


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

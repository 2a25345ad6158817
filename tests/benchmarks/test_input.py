"""Ours and torchvision draw the same crops and mirror images, equally often."""

from functools import cache
from itertools import product

import numpy as np
import pytest
import torch
from scipy import stats
from torch import Tensor
from torchvision.transforms import functional as F

from benchmarks.baselines.classic import AUGMENTED, MEAN, PLAIN, STD
from benchmarks.harness import Options
from benchmarks.harness.images import random_images
from benchmarks.input import CLASSIC, OURS, OurInput, measure
from cifar_models.datasets import Images
from cifar_models.numerics import Numerics

PIXELS = random_images(1).pixels[0]
CROPS = 9 * 9
COUNT = 2 * CROPS * 40
"""Draws: 40 of each of the 162 results are expected, so that none is missed by chance."""


@cache
def reachable() -> dict[bytes, int]:
    """Return every result of one image, as bytes (C, H, W), by torchvision's functions."""
    padded = F.pad(F.to_pil_image(PIXELS), [4])
    crops = [F.crop(padded, top, left, 32, 32) for top, left in product(range(9), range(9))]
    found = [*crops, *(F.hflip(crop) for crop in crops)]
    return {F.pil_to_tensor(image).numpy().tobytes(): place for place, image in enumerate(found)}


def places(images: list[Tensor]) -> list[int]:
    """Return which of the 162 each image (C, H, W) uint8 is; KeyError where it is none."""
    return [reachable()[image.contiguous().numpy().tobytes()] for image in images]


@cache
def ours() -> list[int]:
    images = Images(np.repeat(PIXELS[None], COUNT, axis=0), np.zeros(COUNT, dtype=np.int64))
    batches = OurInput(images, Numerics(), batch_size=162).batches.epoch(seed=0, epoch=1)
    return places([image for batch, _ in batches for image in batch])


@cache
def theirs() -> list[int]:
    image = F.to_pil_image(PIXELS)
    crop, flip, *_ = AUGMENTED.transforms
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return places([F.pil_to_tensor(flip(crop(image))) for _ in range(COUNT)])


def counts(drawn: list[int]) -> Tensor:
    return torch.tensor(drawn).bincount(minlength=2 * CROPS)


def test_one_image_has_162_results() -> None:
    assert len(reachable()) == 2 * CROPS


@pytest.mark.parametrize("draw", [ours, theirs])
def test_each_result_is_reached_and_no_other(draw) -> None:  # type: ignore[no-untyped-def]
    assert len(draw()) == COUNT
    assert counts(draw()).min() > 0


@pytest.mark.parametrize("draw", [ours, theirs])
def test_offsets_and_flips_are_uniform_and_independent(draw) -> None:  # type: ignore[no-untyped-def]
    found = counts(draw()).reshape(2, 9, 9).numpy()
    for margin in (found.sum((1, 2)), found.sum((0, 2)), found.sum((0, 1)), found.ravel()):
        assert stats.chisquare(margin).pvalue > 0.001


def test_both_draw_from_one_distribution() -> None:
    both = np.stack([counts(ours()).numpy(), counts(theirs()).numpy()])
    assert stats.chi2_contingency(both).pvalue > 0.001


def test_the_test_would_see_a_flip_of_0_45() -> None:
    generator = np.random.default_rng(0)
    mirrored = generator.random(COUNT) < 0.45
    drawn = generator.integers(0, CROPS, COUNT) + CROPS * mirrored
    margin = counts(drawn.tolist()).reshape(2, 81).sum(1)
    assert stats.chisquare(margin.numpy()).pvalue < 0.001


def test_an_epoch_gives_every_image_once_with_its_own_label() -> None:
    images = random_images(300)
    images.labels[:] = np.arange(300)
    seen = torch.cat([labels for _, labels in OurInput(images, Numerics(), 50).epoch(2)])
    assert sorted(seen.tolist()) == list(range(300))
    assert seen.tolist() != list(range(300))


def test_normalisation_is_that_of_to_tensor_and_normalize() -> None:
    ours = OurInput(random_images(10), Numerics())
    ours.normalise.mean.copy_(255 * torch.tensor(MEAN).view(3, 1, 1))
    ours.normalise.std.copy_(255 * torch.tensor(STD).view(3, 1, 1))
    normalised = ours.normalise(torch.tensor(PIXELS).permute(2, 0, 1)[None])[0]
    torch.testing.assert_close(normalised, PLAIN(F.to_pil_image(PIXELS)))


@pytest.mark.slow
def test_quick_measurement_has_all_arms_and_a_target() -> None:
    case, start = measure(Options(scale="quick", threads=1))
    assert {CLASSIC, OURS} <= set(case.arms) == set(start.arms)
    assert case.figures[0].at_least == 15
    assert case.figures[0].n == 1

import pytest
import torch

from cifar_models.augmentation import (
    Augmentation,
    ColourJitter,
    Cutout,
    HorizontalFlip,
    RandomCrop,
    Rotation,
)
from cifar_models.streams import uniforms
from tests.cifar_models.augmentation.loops import FILL, batch, draws
from tests.cifar_models.waits import Waits


def test_draws_are_anew_in_every_epoch() -> None:
    drawn = RandomCrop().draws(0, 3, 50, "random_crop")
    assert torch.equal(drawn, uniforms(0, 3, "random_crop", 50, 2))


@pytest.mark.parametrize(
    "augmentation",
    [RandomCrop(), HorizontalFlip(), Cutout(), ColourJitter(), Rotation()],
    ids=lambda augmentation: augmentation.name,
)
def test_no_change_waits_for_the_device(augmentation: Augmentation) -> None:
    augment, images = augmentation.build(32, 32, FILL), batch(4)
    numbers = draws(4, augmentation.numbers)
    with Waits() as waits:
        augment(images, numbers)
    assert waits.seen == []

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

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


def test_draws_are_anew_in_every_epoch() -> None:
    drawn = RandomCrop().draws(0, 3, 50, "random_crop")
    assert torch.equal(drawn, uniforms(0, 3, "random_crop", 50, 2))


class Waits(TorchDispatchMode):
    """Notes what would make the host wait for a device."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        name = function.overloadpacket.__name__
        if name in ("_local_scalar_dense", "nonzero", "masked_select", "equal", "lift_fresh"):
            self.seen.append(name)
        return function(*args, **(kwargs or {}))


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


def test_what_waits_is_noticed() -> None:
    with Waits() as waits:
        values: Tensor = torch.ones(3)
        values[values > 0].sum().item()
        torch.tensor([1])
    assert {"_local_scalar_dense", "lift_fresh"} <= set(waits.seen)

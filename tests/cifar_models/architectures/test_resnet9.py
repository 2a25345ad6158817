import pytest
import torch
from torch import nn

from cifar_models.activations import LeakyReLU
from cifar_models.architectures import ImageShape, ResNet9
from cifar_models.norms import NoNorm

CIFAR = ImageShape(3, 32, 32, 10)


def test_count_and_depth() -> None:
    with torch.device("meta"):
        model = ResNet9().build(CIFAR)
    assert sum(weight.numel() for weight in model.parameters()) == 6_573_130
    weighted = [m for m in model.modules() if isinstance(m, (nn.Conv2d, nn.Linear))]
    assert len(weighted) == 9


def test_choices_reach_the_network() -> None:
    with torch.device("meta"):
        model = ResNet9(norm=NoNorm(), activation=LeakyReLU()).build(CIFAR)
    assert not any(isinstance(module, nn.BatchNorm2d) for module in model.modules())
    assert sum(isinstance(module, nn.LeakyReLU) for module in model.modules()) == 8
    assert all(m.bias is not None for m in model.modules() if isinstance(m, nn.Conv2d))


@pytest.mark.parametrize("size", [8, 33])
def test_any_size_from_8(size: int) -> None:
    assert ResNet9().build(ImageShape(3, size, size, 10))(torch.rand(2, 3, size, size)).shape == (
        2,
        10,
    )


@pytest.mark.parametrize("device", ["cpu", "meta"])
def test_smaller_images_are_a_sentence(device: str) -> None:
    with torch.device(device), pytest.raises(ValueError, match="pool4 needs a map of at least 2x2"):
        ResNet9().build(ImageShape(3, 7, 32, 10))

import pytest
import torch
from torch import nn

from cifar_models.activations import Tanh
from cifar_models.architectures import ImageShape, LeNet5


def parameters(shape: ImageShape) -> int:
    with torch.device("meta"):
        return sum(weight.numel() for weight in LeNet5().build(shape).parameters())


def test_counts() -> None:
    assert parameters(ImageShape(3, 32, 32, 10)) == 62_006
    assert parameters(ImageShape(1, 28, 28, 10)) == 44_426  # well known from MNIST


def test_activation_is_used_everywhere() -> None:
    model = LeNet5(activation=Tanh()).build(ImageShape(3, 32, 32, 10))
    assert sum(isinstance(module, nn.Tanh) for module in model.modules()) == 4
    assert not any(isinstance(module, nn.ReLU) for module in model.modules())


def test_the_smallest_image() -> None:
    model = LeNet5().build(ImageShape(3, 16, 16, 10))
    assert model(torch.rand(2, 3, 16, 16)).shape == (2, 10)


@pytest.mark.parametrize(("height", "width"), [(15, 32), (32, 15), (4, 4), (1, 1)])
@pytest.mark.parametrize("device", ["cpu", "meta"])
def test_smaller_images_are_a_sentence(height: int, width: int, device: str) -> None:
    with torch.device(device), pytest.raises(ValueError, match="use larger images"):
        LeNet5().build(ImageShape(3, height, width, 10))

import pytest
import torch
from pydantic import ValidationError
from torch import Tensor, nn

from cifar_models.activations import ELU
from cifar_models.architectures import ImageShape, PlainCNN
from cifar_models.norms import NoNorm

CIFAR = ImageShape(3, 32, 32, 10)


def logits(network: PlainCNN, shape: ImageShape = CIFAR) -> Tensor:
    images = torch.rand(2, shape.channels, shape.height, shape.width)
    outputs: Tensor = network.build(shape)(images)
    return outputs


def parts(network: PlainCNN, kind: type[nn.Module]) -> list[nn.Module]:
    with torch.device("meta"):
        return [module for module in network.build(CIFAR).modules() if isinstance(module, kind)]


def parameters(network: PlainCNN) -> int:
    with torch.device("meta"):
        return sum(weight.numel() for weight in network.build(CIFAR).parameters())


def test_counts() -> None:
    norms, head = 2 * (32 + 64 + 128), 128 * 10 + 10
    weights = 9 * (3 * 32 + 32 * 64 + 64 * 128)
    assert parameters(PlainCNN()) == weights + norms + head == 94_762
    assert parameters(PlainCNN(norm=NoNorm())) == weights + norms // 2 + head
    assert parameters(PlainCNN(channels=(8, 8), kernel_size=(5, 1))) == 25 * 24 + 64 + 32 + 90


@pytest.mark.parametrize("depth", [1, 5, 10, 50])
def test_depth_is_the_number_of_channels(depth: int) -> None:
    network = PlainCNN(channels=(4,) * depth)
    assert len(parts(network, nn.Conv2d)) == depth
    assert len(parts(network, nn.MaxPool2d)) == min(depth, 5), "32 can be halved five times"
    assert logits(network).shape == (2, 10)


def test_choices_reach_the_network() -> None:
    network = PlainCNN(norm=NoNorm(), activation=ELU(), dropout=0.3)
    assert not parts(network, nn.BatchNorm2d)
    assert len(parts(network, nn.ELU)) == 3
    (dropout,) = parts(network, nn.Dropout)
    assert isinstance(dropout, nn.Dropout)
    assert dropout.p == 0.3


@pytest.mark.parametrize("kernel_size", [1, 2, 3, 4, 7, 40, (1, 2, 3)])
def test_any_kernel_goes_with_same_padding(kernel_size: int | tuple[int, ...]) -> None:
    assert logits(PlainCNN(channels=(4, 4, 4), kernel_size=kernel_size)).shape == (2, 10)


def test_pooling_after_every_third_layer() -> None:
    network = PlainCNN(channels=(4,) * 7, pool_every=3).build(ImageShape(3, 32, 32, 10))
    pooled = [
        name for name, layer in network.named_children()
        if any(isinstance(m, nn.MaxPool2d) for m in layer.modules())
    ]  # fmt: skip
    assert pooled == ["layer3", "layer6"]


def test_valid_padding_shrinks_the_map() -> None:
    network = PlainCNN(channels=(4, 4), kernel_size=(5, 14), padding="valid")
    assert logits(network).shape == (2, 10)  # 32 - 28 - 14 - 1
    assert len(parts(network, nn.MaxPool2d)) == 1


@pytest.mark.parametrize("device", ["cpu", "meta"])
def test_a_kernel_larger_than_the_map_is_a_sentence(device: str) -> None:
    network = PlainCNN(channels=(4, 4), kernel_size=(5, 15), padding="valid")
    with (
        torch.device(device),
        pytest.raises(ValueError, match="conv2 needs a map of at least 15x15, but 14x14 is left"),
    ):
        network.build(CIFAR)


@pytest.mark.parametrize("shape", [ImageShape(3, 1, 1, 10), ImageShape(1, 2, 9, 3)])
def test_tiny_images(shape: ImageShape) -> None:
    assert logits(PlainCNN(channels=(4, 4)), shape).shape == (2, shape.num_classes)


def test_json_keeps_tuples() -> None:
    network = PlainCNN(channels=(4, 8), kernel_size=(3, 5))
    assert PlainCNN.model_validate_json(network.model_dump_json()) == network


@pytest.mark.parametrize(
    "wrong",
    [
        {"channels": ()},
        {"channels": (0,)},
        {"kernel_size": 0},
        {"kernel_size": (3, 3)},
        {"dropout": 1.0},
        {"padding": "reflect"},
    ],
)
def test_refuses_impossible_choices(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        PlainCNN.model_validate(wrong)

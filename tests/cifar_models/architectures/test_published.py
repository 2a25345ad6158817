"""The networks of published reports: exact numbers of parameters, and that all can learn."""

from itertools import pairwise

import pytest
import torch
from torch import nn

from cifar_models.architectures import (
    VGG08,
    VGG38,
    VGGA,
    Architecture,
    DenseNet,
    ImageShape,
    LeNet5,
    NewResNet,
    ResNet9,
    ResNet12Cut,
    ResNet12Pairs,
    ResNet15,
    ResNet18,
)
from cifar_models.architectures.resnet import Order
from cifar_models.norms import BatchNorm, NoNorm

COUNTS: list[tuple[Architecture, int, int]] = [
    (LeNet5(), 10, 62_006),
    (ResNet18(), 10, 11_173_962),
    (ResNet18(order="full_preactivation"), 10, 11_173_962),
    (ResNet18(order="full_preactivation", downsampling="max_pool"), 10, 11_173_962),
    (ResNet12Cut(), 10, 2_777_674),
    (NewResNet(), 10, 4_355_146),
    (ResNet15(), 10, 11_099_978),
    (ResNet9(), 10, 6_573_130),
    (ResNet9(order="conv_pool_norm_act"), 10, 6_573_130),
    (ResNet12Pairs(), 10, 7_827_786),
    (DenseNet(), 10, 614_850),
    (VGGA(), 10, 9_750_922),
    (VGGA(norm=BatchNorm()), 10, 9_756_426),
    (VGG38(), 100, 338_500),
    (VGG38(norm=NoNorm()), 100, 336_196),
    (VGG08(), 100, 60_100),
    (VGG08(norm=NoNorm()), 100, 59_716),
]


def name(value: object) -> str:
    return str(value.name) if isinstance(value, Architecture) else str(value)


@pytest.mark.parametrize(("model", "classes", "count"), COUNTS, ids=name)
def test_counts(model: Architecture, classes: int, count: int) -> None:
    with torch.device("meta"):
        network = model.build(ImageShape(3, 32, 32, classes))
    assert sum(weight.numel() for weight in network.parameters()) == count


@pytest.mark.parametrize(("model", "classes", "count"), COUNTS, ids=name)
def test_forward_and_backward_in_bf16(model: Architecture, classes: int, count: int) -> None:
    network = model.build(ImageShape(3, 32, 32, classes)).to(memory_format=torch.channels_last)
    images = torch.randn(2, 3, 32, 32).to(memory_format=torch.channels_last)
    with torch.autocast("cpu", torch.bfloat16):
        logits = network(images)
    assert logits.shape == (2, classes)
    nn.functional.cross_entropy(logits.float(), torch.tensor([0, 1])).backward()
    assert all(weight.grad is not None for weight in network.parameters())


LETTERS = {nn.Conv2d: "c", nn.BatchNorm2d: "n", nn.ReLU: "a", nn.MaxPool2d: "p"}


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("original", "cnacn+a"),
        ("norm_after_addition", "cnac+na"),
        ("act_before_addition", "cnacna+"),
        ("act_only_preactivation", "acnacn+"),
        ("full_preactivation", "nacnac+"),
    ],
)
def test_orders_within_a_block(order: Order, expected: str) -> None:
    network = ResNet18(width=4, order=order).build(ImageShape(3, 8, 8, 10))
    block = network.get_submodule("stage1_block2")
    seen: list[str] = []
    for module in block.modules():
        if type(module) in LETTERS:
            letter = LETTERS[type(module)]
            module.register_forward_hook(lambda *_, letter=letter: seen.append(letter))
    block.get_submodule("residual").register_forward_hook(lambda *_: seen.append("+"))
    block(torch.randn(2, 4, 8, 8))
    assert "".join(seen) == expected


@pytest.mark.parametrize("model", [ResNet18, ResNet15])
def test_max_pooling_halves_as_the_stride_does(model: type[ResNet18]) -> None:
    shape, images = ImageShape(3, 16, 16, 10), torch.randn(2, 3, 16, 16)
    sizes = []
    for downsampling in ("stride", "max_pool"):
        network = model(width=4, downsampling=downsampling).build(shape)
        assert isinstance(network, nn.Sequential)
        maps = [images]
        for layer in list(network)[:-3]:
            maps.append(layer(maps[-1]))
        sizes.append([tuple(after.shape) for _, after in pairwise(maps)])
    assert sizes[0] == sizes[1]
    strided = [m for m in network.modules() if isinstance(m, nn.Conv2d) and m.stride != (1, 1)]
    assert strided == []


def test_pooling_before_the_norm_gives_other_statistics() -> None:
    images = torch.randn(4, 3, 16, 16)
    outputs = []
    for order in ("conv_norm_act_pool", "conv_pool_norm_act"):
        torch.manual_seed(0)
        network = ResNet9(order=order).build(ImageShape(3, 16, 16, 10))
        outputs.append((network.eval()(images), network.train()(images)))
    torch.testing.assert_close(outputs[0][0], outputs[1][0])
    assert not torch.allclose(outputs[0][1], outputs[1][1])


def test_the_entry_keeps_its_norm() -> None:
    network = VGG38(norm=NoNorm()).build(ImageShape(3, 32, 32, 100))
    norms = [path for path, module in network.named_modules() if isinstance(module, nn.BatchNorm2d)]
    assert norms == ["entry.norm"]


@pytest.mark.parametrize(
    ("model", "side", "layer"),
    [
        (VGG38(), 7, "stage3_pool"),
        (DenseNet(), 7, "transition3"),
        (NewResNet(), 20, "tail2"),
        (ResNet18(downsampling="max_pool"), 7, "stage4"),
    ],
    ids=name,
)
def test_smaller_images_are_a_sentence(model: Architecture, side: int, layer: str) -> None:
    with pytest.raises(ValueError, match=f"{layer} needs a map of at least"):
        model.build(ImageShape(3, side, side, 10))
    model.build(ImageShape(3, side + 1, side + 1, 10))

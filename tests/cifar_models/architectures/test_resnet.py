import pytest
import torch
from torch import nn

from cifar_models.activations import Mish
from cifar_models.architectures import ImageShape, ResNet18
from cifar_models.norms import NoNorm

CIFAR = ImageShape(3, 32, 32, 10)


def meta(network: ResNet18, shape: ImageShape = CIFAR) -> nn.Module:
    with torch.device("meta"):
        return network.build(shape)


def parameters(network: ResNet18, shape: ImageShape = CIFAR) -> int:
    return sum(weight.numel() for weight in meta(network, shape).parameters())


def test_counts() -> None:
    assert parameters(ResNet18()) == 11_173_962
    assert parameters(ResNet18(width=16)) == 701_466
    assert parameters(ResNet18(), ImageShape(3, 32, 32, 100)) == 11_173_962 + 90 * 513


def test_three_stages_halve_the_map() -> None:
    model = meta(ResNet18())
    assert isinstance(model, nn.Sequential)
    sizes = []
    images = torch.empty(2, 3, 32, 32, device="meta")
    for name, module in model.named_children():
        images = module(images)
        if name.startswith("st"):
            sizes.append(tuple(images.shape[1:]))
    stages = [(64, 32, 32), (128, 16, 16), (256, 8, 8), (512, 4, 4)]
    assert sizes == [stages[0]] + [stage for stage in stages for _ in range(2)]


def test_without_shortcut_the_same_branches_stand_in_a_row() -> None:
    """Weights are drawn by path, so that both variants begin with the same branches."""
    with_, without = (meta(ResNet18(shortcut=shortcut)) for shortcut in (True, False))
    shapes = {name: p.shape for name, p in with_.named_parameters() if ".shortcut." not in name}
    assert shapes == {name: p.shape for name, p in without.named_parameters()}
    projections = 64 * 128 + 128 * 256 + 256 * 512 + 2 * (128 + 256 + 512)
    assert parameters(ResNet18(shortcut=False)) == 11_173_962 - projections


def test_the_shortcut_carries_the_input() -> None:
    block = ResNet18(width=4).build(CIFAR).get_submodule("stage1_block1")
    for weight in block.get_submodule("residual.branch").parameters():
        nn.init.zeros_(weight)
    images = torch.rand(2, 4, 8, 8)
    assert torch.equal(block(images), images)


def test_without_norm_every_convolution_has_a_bias() -> None:
    model = meta(ResNet18(norm=NoNorm()))
    convolutions = [module for module in model.modules() if isinstance(module, nn.Conv2d)]
    assert len(convolutions) == 20
    assert all(conv.bias is not None for conv in convolutions)
    assert not any(isinstance(module, nn.BatchNorm2d) for module in model.modules())


def test_activation_is_used_everywhere() -> None:
    modules = list(meta(ResNet18(activation=Mish())).modules())
    assert sum(isinstance(module, nn.Mish) for module in modules) == 17


@pytest.mark.parametrize("size", [1, 5, 31])
def test_any_size(size: int) -> None:
    model = ResNet18(width=4).build(ImageShape(3, size, size, 10))
    assert model(torch.rand(2, 3, size, size)).shape == (2, 10)

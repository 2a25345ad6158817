import warnings
from typing import Any

import pytest
import torch
from torch import nn

from cifar_models.activations import ReLU, Tanh
from cifar_models.component import registry
from cifar_models.layers import (
    DiracConv2d,
    GlobalAverage,
    MapSize,
    Residual,
    Scaled,
    act_and_max_pool,
    conv_norm_act,
    same_conv,
    sequence,
)
from cifar_models.norms import BatchNorm, NoNorm


@pytest.mark.parametrize("kernel", range(1, 8))
def test_same_conv_is_torchs_padding_same(kernel: int) -> None:
    images = torch.rand(2, 3, 9, 10)
    conv = same_conv(3, 4, NoNorm(), kernel)
    reference = nn.Conv2d(3, 4, kernel, padding="same")
    weights = list(conv.parameters())
    reference.weight, reference.bias = weights[0], weights[1]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch warns of even kernels
        torch.testing.assert_close(conv(images), reference(images))


@pytest.mark.parametrize("kernel", range(1, 6))
@pytest.mark.parametrize("stride", [1, 2, 3])
def test_same_conv_gives_the_map_over_the_stride(kernel: int, stride: int) -> None:
    conv = same_conv(1, 1, NoNorm(), kernel, stride)
    assert conv(torch.rand(1, 1, 12, 7)).shape == (1, 1, -(-12 // stride), -(-7 // stride))


def test_a_norm_that_shifts_takes_the_bias_away() -> None:
    biased, unbiased = (same_conv(3, 4, norm) for norm in (NoNorm(), BatchNorm()))
    assert [p.shape for p in unbiased.parameters()] == [(4, 3, 3, 3)]
    assert [p.shape for p in biased.parameters()] == [(4, 3, 3, 3), (4,)]


def test_conv_norm_act_are_named_in_order() -> None:
    block = conv_norm_act(3, 8, BatchNorm(momentum=0.3), Tanh())
    assert [name for name, _ in block.named_children()] == ["conv", "norm", "act"]
    assert isinstance(block.norm, nn.BatchNorm2d)
    assert block.norm.momentum == 0.3
    assert isinstance(block.act, nn.Tanh)
    assert isinstance(conv_norm_act(3, 8, NoNorm(), ReLU()).norm, nn.Identity)


@pytest.mark.parametrize("size", [(32, 32), (7, 12), (5, 5)])
@pytest.mark.parametrize(("kernel", "stride"), [(1, 1), (2, 2), (3, 2), (5, 1)])
def test_map_size_is_what_torch_gives(size: tuple[int, int], kernel: int, stride: int) -> None:
    left = MapSize(*size).after("conv1", kernel, stride)
    assert nn.MaxPool2d(kernel, stride)(torch.rand(1, 1, *size)).shape[2:] == (
        left.height,
        left.width,
    )


def test_dirac_convolutions_hand_their_inputs_on() -> None:
    maps = torch.rand(2, 4, 6, 6)
    wide, narrow = (DiracConv2d(4, outputs, 3, padding=1, bias=False) for outputs in (10, 3))
    assert torch.equal(wide(maps)[:, :4], maps)
    assert wide.weight[4:].std() > 0.05, "the others are drawn as ever"
    assert torch.equal(narrow(maps), maps[:, :3])


def test_scaled_multiplies() -> None:
    assert Scaled(0.25)(torch.tensor([4.0, 2.0])).tolist() == [1.0, 0.5]


def test_map_size_says_which_layer_is_too_large() -> None:
    with pytest.raises(ValueError, match="conv2 needs a map of at least 3x3, but 8x2 is left"):
        MapSize(8, 2).after("conv2", 3)


def test_residual_adds_or_not() -> None:
    images = torch.rand(2, 3, 4, 4)
    branch = nn.Conv2d(3, 3, 1)
    assert torch.equal(Residual(branch, nn.Identity())(images), branch(images) + images)
    assert torch.equal(Residual(branch, None)(images), branch(images))
    assert [n for n, _ in Residual(branch, None).named_parameters()] == [
        n for n, _ in Residual(branch, nn.Identity()).named_parameters()
    ]


def test_sequence_runs_in_order() -> None:
    row = sequence(first=nn.Flatten(), second=nn.Linear(4, 2))
    assert list(row.state_dict()) == ["second.weight", "second.bias"]
    assert row(torch.rand(3, 2, 2)).shape == (3, 2)


@pytest.mark.parametrize("choice", registry("activation").values(), ids=lambda c: c.__name__)
def test_the_maximum_is_taken_where_it_changes_nothing(choice: type[Any]) -> None:
    """Before the activation when that is monotone; outputs and gradients are the same."""
    activation = choice()
    layer = sequence(**act_and_max_pool(activation, nn.MaxPool2d(2)))
    first = torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    inputs = [(4 * first).requires_grad_() for _ in range(2)]
    outputs = [layer(inputs[0]), nn.MaxPool2d(2)(activation.build()(inputs[1]))]
    assert torch.equal(*outputs)
    gradients = [
        torch.autograd.grad(o.square().sum(), i)[0] for o, i in zip(outputs, inputs, strict=True)
    ]
    torch.testing.assert_close(*gradients)


def test_only_monotone_activations_follow_the_maximum() -> None:
    orders = {
        name: next(iter(act_and_max_pool(choice(), nn.MaxPool2d(2))))  # type: ignore[arg-type]
        for name, choice in registry("activation").items()
    }
    assert (orders["relu"], orders["mish"]) == ("pool", "act")


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_global_average_is_torchs_and_its_gradient_has_the_layout_of_its_input(
    dtype: torch.dtype,
) -> None:
    maps = torch.randn(4, 6, 3, 5, dtype=dtype).contiguous(memory_format=torch.channels_last)
    ours, torchs = maps.clone().requires_grad_(), maps.clone().requires_grad_()
    means, expected = GlobalAverage()(ours), nn.AdaptiveAvgPool2d(1)(torchs)
    assert torch.equal(means, expected)
    above = torch.randn(4, 6, 1, 1, dtype=dtype)
    (gradient,) = torch.autograd.grad(means, ours, above)
    assert torch.equal(gradient, *torch.autograd.grad(expected, torchs, above))
    assert gradient.is_contiguous(memory_format=torch.channels_last)

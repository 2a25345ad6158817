from typing import Any

import pytest
import torch
from pydantic import ValidationError
from torch import nn

from cifar_models.component import registry
from cifar_models.optimizers import (
    SGD,
    Adadelta,
    Adagrad,
    Adam,
    AdamW,
    GradientRule,
    NAdam,
    RAdam,
    RMSprop,
)
from tests.cifar_models.optimizers.networks import gradients, small

RULES = [
    (SGD(lr=0.1, momentum=0.8, nesterov=True, weight_decay=5e-3), torch.optim.SGD,
     {"lr": 0.1, "momentum": 0.8, "nesterov": True, "weight_decay": 5e-3, "dampening": 0}),
    (Adam(lr=0.3, beta1=0.8, beta2=0.95, eps=1e-3, weight_decay=1e-4), torch.optim.Adam,
     {"lr": 0.3, "betas": (0.8, 0.95), "eps": 1e-3, "weight_decay": 1e-4}),
    (AdamW(lr=0.3, beta1=0.8, beta2=0.95, eps=1e-3, weight_decay=0.1), torch.optim.AdamW,
     {"lr": 0.3, "betas": (0.8, 0.95), "eps": 1e-3, "weight_decay": 0.1}),
    (NAdam(lr=0.3, beta1=0.8, beta2=0.95, eps=1e-3, momentum_decay=0.01), torch.optim.NAdam,
     {"lr": 0.3, "betas": (0.8, 0.95), "eps": 1e-3, "momentum_decay": 0.01, "weight_decay": 0}),
    (RAdam(lr=0.3, beta1=0.8, beta2=0.95, eps=1e-3, weight_decay=1e-4), torch.optim.RAdam,
     {"lr": 0.3, "betas": (0.8, 0.95), "eps": 1e-3, "weight_decay": 1e-4}),
    (Adagrad(lr=0.3, eps=1e-3, weight_decay=1e-4), torch.optim.Adagrad,
     {"lr": 0.3, "eps": 1e-3, "weight_decay": 1e-4}),
    (Adadelta(lr=0.3, rho=0.8, eps=1e-3, weight_decay=1e-4), torch.optim.Adadelta,
     {"lr": 0.3, "rho": 0.8, "eps": 1e-3, "weight_decay": 1e-4}),
    (RMSprop(lr=0.3, alpha=0.9, eps=1e-3, momentum=0.5, weight_decay=1e-4), torch.optim.RMSprop,
     {"lr": 0.3, "alpha": 0.9, "eps": 1e-3, "momentum": 0.5, "weight_decay": 1e-4}),
]  # fmt: skip
rules = pytest.mark.parametrize(
    ("rule", "torchs", "options"), RULES, ids=[str(rule.name) for rule, _, _ in RULES]
)


@rules
def test_every_field_reaches_torch(rule: GradientRule, torchs: Any, options: Any) -> None:
    built = rule.build(small(), 10)
    assert type(built) is torchs
    assert len(built.param_groups) == 1
    assert {key: built.param_groups[0][key] for key in options} == options


@rules
def test_steps_are_those_of_torchs_plain_loop(
    rule: GradientRule, torchs: Any, options: Any
) -> None:
    ours, theirs = small(), small()
    one = rule.build(ours, 10)
    other = torchs(theirs.parameters(), **options, foreach=False)
    for step in range(5):
        for network, optimizer in ((ours, one), (theirs, other)):
            gradients(network, step)
            optimizer.step()
    for mine, its in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(mine, its, rtol=1e-3, atol=1e-4)


DEFAULTS = [Adam(), AdamW(), NAdam(), RAdam(), Adagrad(), Adadelta(), RMSprop()]


@pytest.mark.parametrize("rule", DEFAULTS, ids=lambda rule: str(rule.name))
def test_defaults_are_those_of_torch(rule: GradientRule) -> None:
    built: Any = rule.build(small(), 10)
    torchs = type(built)(small().parameters())
    how = {"lr": None, "fused": None, "foreach": None}
    assert built.param_groups[0] | how | {"params": []} == torchs.param_groups[0] | how | {
        "params": []
    } | {"lr": None, "weight_decay": rule.weight_decay}


def test_offsets_of_norms_learn_at_their_own_rate() -> None:
    network = small()
    network[2].weight.requires_grad_(False)
    built = SGD(lr=0.1, weight_decay=0.01, norm_bias_rate=64).build(network, 10)
    rest, offsets = built.param_groups
    assert offsets["params"] == [network[1].bias]
    assert (offsets["lr"], offsets["weight_decay"]) == (0.1 * 64, 0.01 / 64)
    assert (rest["lr"], rest["weight_decay"]) == (0.1, 0.01)
    assert len(rest["params"]) == 6, "all others but the frozen one"


def test_decay_may_spare_biases_and_norms() -> None:
    network = small()
    built = SGD(lr=0.1, weight_decay=0.01, decay="weights").build(network, 10)
    weights, rest = built.param_groups
    assert [p.ndim for p in weights["params"]] == [4, 4, 2]
    assert (weights["weight_decay"], rest["weight_decay"]) == (0.01, 0.0)
    assert len(rest["params"]) == 5
    assert weights["lr"] == rest["lr"] == 0.1


@pytest.mark.parametrize("norm", [nn.GroupNorm(1, 3), nn.LayerNorm(3), nn.InstanceNorm2d(3)])
def test_networks_without_offsets_have_one_group(norm: nn.Module) -> None:
    built = SGD(norm_bias_rate=64).build(nn.Sequential(nn.Linear(3, 3), norm), 10)
    assert len(built.param_groups) == (1 if isinstance(norm, nn.InstanceNorm2d) else 2)


@pytest.mark.parametrize("rule", [rule for rule, _, _ in RULES], ids=lambda rule: str(rule.name))
@pytest.mark.parametrize("wrong", [{"lr": 0}, {"weight_decay": -1e-4}, {"norm_bias_rate": 0}])
def test_refuses_impossible_numbers(rule: GradientRule, wrong: dict[str, float]) -> None:
    with pytest.raises(ValidationError, match="Input should be greater than"):
        registry("optimizer")[str(rule.name)].model_validate(wrong)

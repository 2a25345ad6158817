from typing import Any

import pytest
import torch
from pydantic import ValidationError
from torch import nn

from cifar_models.component import registry
from cifar_models.optimizers import SGD, Adam, AdamW, Optimizer, RMSprop


@pytest.mark.parametrize(
    ("optimizer", "torchs", "options"),
    [
        (
            SGD(lr=0.3, momentum=0.8, nesterov=True, weight_decay=5e-4),
            torch.optim.SGD,
            {"lr": 0.3, "momentum": 0.8, "nesterov": True, "weight_decay": 5e-4, "dampening": 0},
        ),
        (
            Adam(lr=0.3, beta1=0.8, beta2=0.95, eps=1e-6, weight_decay=1e-4),
            torch.optim.Adam,
            {"lr": 0.3, "betas": (0.8, 0.95), "eps": 1e-6, "weight_decay": 1e-4},
        ),
        (
            AdamW(lr=0.3, beta1=0.8, beta2=0.95, eps=1e-6, weight_decay=0.1),
            torch.optim.AdamW,
            {"lr": 0.3, "betas": (0.8, 0.95), "eps": 1e-6, "weight_decay": 0.1},
        ),
        (
            RMSprop(lr=0.3, alpha=0.9, eps=1e-6, momentum=0.5, weight_decay=1e-4),
            torch.optim.RMSprop,
            {"lr": 0.3, "alpha": 0.9, "eps": 1e-6, "momentum": 0.5, "weight_decay": 1e-4},
        ),
    ],
    ids=lambda value: value.name if isinstance(value, Optimizer) else "",
)
def test_every_field_reaches_torch(
    optimizer: Optimizer, torchs: type[torch.optim.Optimizer], options: dict[str, Any]
) -> None:
    built = optimizer.build([nn.Parameter(torch.ones(2))])
    assert type(built) is torchs
    assert {key: built.param_groups[0][key] for key in options} == options


@pytest.mark.parametrize("optimizer", [Adam(), AdamW(), RMSprop()], ids=lambda o: str(o.name))
def test_defaults_are_those_of_torch(optimizer: Optimizer) -> None:
    built: Any = optimizer.build([nn.Parameter(torch.ones(2))])
    torchs = type(built)([nn.Parameter(torch.ones(2))])
    assert built.defaults | {"lr": None} == torchs.defaults | {"lr": None}


def test_a_step_of_sgd() -> None:
    weight = nn.Parameter(torch.tensor([1.0]))
    optimizer = SGD(lr=0.1, momentum=0.0, weight_decay=0.5).build([weight])
    (3 * weight).sum().backward()  # type: ignore[no-untyped-call]
    optimizer.step()
    torch.testing.assert_close(weight.detach(), torch.tensor([1 - 0.1 * (3 + 0.5)]))


def test_nesterov_without_momentum_is_a_sentence() -> None:
    with pytest.raises(ValidationError, match="nesterov needs momentum > 0"):
        SGD(nesterov=True, momentum=0)


@pytest.mark.parametrize("name", registry("optimizer"))
@pytest.mark.parametrize("wrong", [{"lr": 0}, {"lr": -0.1}, {"weight_decay": -1e-4}])
def test_refuses_impossible_numbers(name: str, wrong: dict[str, float]) -> None:
    with pytest.raises(ValidationError, match="Input should be greater than"):
        registry("optimizer")[name].model_validate(wrong)

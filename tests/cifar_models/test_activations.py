import math

import pytest
import torch

from cifar_models.activations import (
    CELU,
    ELU,
    GELU,
    SELU,
    Activation,
    LeakyReLU,
    Mish,
    PReLU,
    ReLU,
    Sigmoid,
    SiLU,
    Tanh,
)
from cifar_models.component import registry

X = 1.5


@pytest.mark.parametrize(
    ("activation", "below", "above"),
    [
        (ReLU(), 0.0, X),
        (LeakyReLU(), -0.01 * X, X),
        (LeakyReLU(negative_slope=0.2), -0.2 * X, X),
        (ELU(), math.exp(-X) - 1, X),
        (ELU(alpha=0.5), 0.5 * (math.exp(-X) - 1), X),
        (PReLU(), -0.25 * X, X),
        (CELU(alpha=0.5), 0.5 * (math.exp(-X / 0.5) - 1), X),
        (SELU(), 1.6732632 * 1.0507010 * (math.exp(-X) - 1), 1.0507010 * X),
        (GELU(), -X * (1 - math.erf(X / 2**0.5)) / 2, X * (1 + math.erf(X / 2**0.5)) / 2),
        (SiLU(), -X / (1 + math.exp(X)), X / (1 + math.exp(-X))),
        (Tanh(), math.tanh(-X), math.tanh(X)),
        (Sigmoid(), 1 / (1 + math.exp(X)), 1 / (1 + math.exp(-X))),
        (
            Mish(),
            -X * math.tanh(math.log1p(math.exp(-X))),
            X * math.tanh(math.log1p(math.exp(X))),
        ),
    ],
    ids=lambda value: str(value) if not isinstance(value, Activation) else value.name,
)
def test_is_its_formula(activation: Activation, below: float, above: float) -> None:
    outputs = activation.build()(torch.tensor([-X, X]))
    torch.testing.assert_close(outputs, torch.tensor([below, above]))


def test_every_place_gets_a_module_of_its_own() -> None:
    assert ReLU().build() is not ReLU().build()


def test_a_slope_is_learnt() -> None:
    module = PReLU(initial_slope=0.1).build()
    module(torch.tensor([-X, X])).sum().backward()
    (slope,) = module.parameters()
    assert slope.grad == pytest.approx(-X)


@pytest.mark.parametrize("activation", registry("activation").values(), ids=lambda c: c.__name__)
def test_what_calls_itself_monotone_is(activation: type[Activation]) -> None:
    outputs = activation.model_validate({}).build()(torch.linspace(-6, 6, 1001))
    rises = bool((outputs.diff() >= 0).all())
    assert rises >= activation.monotone

import math

import pytest
import torch

from cifar_models.activations import ELU, Activation, LeakyReLU, Mish, ReLU, Sigmoid, Tanh

X = 1.5


@pytest.mark.parametrize(
    ("activation", "below", "above"),
    [
        (ReLU(), 0.0, X),
        (LeakyReLU(), -0.01 * X, X),
        (LeakyReLU(negative_slope=0.2), -0.2 * X, X),
        (ELU(), math.exp(-X) - 1, X),
        (ELU(alpha=0.5), 0.5 * (math.exp(-X) - 1), X),
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

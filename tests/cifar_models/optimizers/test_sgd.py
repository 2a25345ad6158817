import pytest
import torch
from pydantic import ValidationError

from cifar_models.optimizers import SGD
from tests.cifar_models.optimizers.networks import Weight


def test_a_step_of_sgd() -> None:
    network = Weight(1.0)
    optimizer = SGD(lr=0.1, momentum=0.0, weight_decay=0.5).build(network, 10)
    (3 * network.weight).sum().backward()  # type: ignore[no-untyped-call]
    optimizer.step()
    torch.testing.assert_close(network.weight.data, torch.tensor([1 - 0.1 * (3 + 0.5)]))


def test_nesterov_without_momentum_is_a_sentence() -> None:
    with pytest.raises(ValidationError, match="nesterov needs momentum > 0"):
        SGD(nesterov=True, momentum=0)

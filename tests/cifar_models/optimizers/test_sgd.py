import math

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


@pytest.mark.parametrize("nesterov", [False, True])
def test_a_first_step_that_fp16_skips_leaves_nothing_behind(nesterov: bool) -> None:
    def weight(overflows: list[bool]) -> torch.Tensor:
        network = Weight(1.0)
        optimizer = SGD(lr=0.1, momentum=0.9, nesterov=nesterov).build(network, 10)
        velocity = optimizer.state[network.weight]["momentum_buffer"]
        for overflow in overflows:
            network.weight.grad = torch.full((1,), math.inf if overflow else 3.0)
            optimizer.found_inf = torch.tensor(float(overflow))  # type: ignore[attr-defined]
            optimizer.grad_scale = torch.tensor(1.0)  # type: ignore[attr-defined]
            optimizer.step()
            assert optimizer.state[network.weight]["momentum_buffer"] is velocity
            assert velocity.isfinite().all()
        return network.weight.detach()

    torch.testing.assert_close(weight([True, False, False]), weight([False, False]), rtol=0, atol=0)


def test_momentum_begins_as_torchs_own() -> None:
    networks = [Weight(1.0), Weight(1.0)]
    optimizers = [
        SGD(lr=0.1, momentum=0.9).build(networks[0], 10),
        torch.optim.SGD(networks[1].parameters(), lr=0.1, momentum=0.9, fused=True),
    ]
    for gradient in (3.0, -0.0, 1e-8):
        for network, optimizer in zip(networks, optimizers, strict=True):
            network.weight.grad = torch.tensor([gradient])
            optimizer.step()
        assert torch.equal(networks[0].weight, networks[1].weight)

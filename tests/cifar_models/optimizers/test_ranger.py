import math
from collections.abc import Iterator

import pytest
import torch
from torch import nn

from cifar_models.optimizers import Lookahead, Optimizer, RAdam, Ranger, Ranger21
from tests.cifar_models.optimizers.networks import Weight, gradients, small


def trained(optimizer: Optimizer, steps: int, centred: bool = False) -> nn.Module:
    """Return a network after some steps, its gradients centred before them if wanted."""
    network = small()
    built = optimizer.build(network, 1000)
    for step in range(steps):
        gradients(network, step)
        for parameter in network.parameters():
            if centred and parameter.ndim > 1:
                assert parameter.grad is not None
                parameter.grad -= parameter.grad.mean(tuple(range(1, parameter.ndim)), True)
        built.step()
    return network


MOMENTS = {"lr": 0.02, "beta1": 0.8, "beta2": 0.95, "eps": 1e-4}


@pytest.mark.parametrize("centred", [True, False])
def test_ranger_is_rectified_adam_inside_lookahead(centred: bool) -> None:
    """Also in its first steps, in which the library by itself climbs the gradient."""
    slow = {"every": 4, "alpha": 0.3}
    composed = Lookahead.model_validate({"optimizer": RAdam.model_validate(MOMENTS), **slow})
    ours = trained(Ranger.model_validate({"centred": centred, **MOMENTS, **slow}), 18)
    theirs = trained(composed, 18, centred)
    for mine, its in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(mine, its, rtol=1e-4, atol=1e-6)


def test_ranger_decays_apart_from_the_gradient() -> None:
    network = Weight(2.0)
    built = Ranger(lr=0.1, weight_decay=0.3).build(network, 10)
    network.weight.grad = torch.zeros(1)
    built.step()
    assert network.weight.item() == pytest.approx(2 * (1 - 0.1 * 0.3))


def by_hand(rule: Ranger21, weight: float, gradient: float, total: int) -> Iterator[float]:
    """Yield a single weight after every step against a constant gradient, as the paper says."""
    warm_up = math.ceil(2 / (1 - rule.beta2))
    warm_up = int(0.22 * total) if warm_up > 0.45 * total else warm_up
    falling = total - int(0.72 * total)
    positive = negative = variance = largest = 0.0
    slow = weight
    for step in range(1, total + 1):
        limit = rule.clip * max(abs(weight), 1e-3)
        clipped = gradient * min(1.0, limit / abs(gradient))
        rate = rule.lr * min(1, step / warm_up)
        if step >= total - falling:
            passed = (step + 1 - (total - falling)) / (falling + 1)
            rate = max(rule.lr - (rule.lr - rule.floor) * min(passed, 1), rule.floor)
        variance = rule.beta2 * variance + (1 - rule.beta2) * clipped**2
        largest = max(largest, variance)
        second = 1 - rule.beta2**step
        stable = math.sqrt(1 + variance / second)  # the library's sum begins with one
        weight *= 1 - rate * rule.weight_decay / stable
        weight *= 1 - rate * 2e-4 * (1 - 1 / (abs(weight) + rule.eps))
        root = math.sqrt(largest) / math.sqrt(second) + rule.eps
        smooth = math.log1p(math.exp(50 * root)) / 50
        positive, negative = negative, positive
        positive = rule.beta1**2 * positive + (1 - rule.beta1**2) * clipped
        noise = math.sqrt((1 + rule.beta0) ** 2 + rule.beta0**2)
        momentum = ((1 + rule.beta0) * positive - rule.beta0 * negative) / noise
        weight -= rate / (1 - rule.beta1**step) * momentum / smooth
        if step % rule.every == 0:
            weight = slow = slow + rule.alpha * (weight - slow)
        yield weight


@pytest.mark.parametrize(
    "rule",
    [
        Ranger21(),
        Ranger21(lr=0.03, weight_decay=0.5, beta2=0.8, floor=0.01),
        Ranger21(beta0=0.5, beta1=0.7, beta2=0.9, eps=1e-3, clip=0.1, every=3, alpha=0.2),
    ],
    ids=["default", "rates", "momenta"],
)
def test_ranger21_steps_as_by_hand(rule: Ranger21) -> None:
    total = 40
    network = Weight(0.8)
    built = rule.build(network, total)
    walked = []
    for _ in range(total):
        network.weight.grad = torch.tensor([0.5])
        built.step()
        walked.append(network.weight.item())
    assert walked == pytest.approx(list(by_hand(rule, 0.8, 0.5, total)), rel=1e-5)

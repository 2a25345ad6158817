import copy
from typing import Any

import pytest
import torch
from torch import Tensor

from cifar_models.numerics import Numerics
from cifar_models.optimisation import Optimisation
from cifar_models.optimizers import Lookahead, Optimizer, ScheduleFreeAdamW, ScheduleFreeSGD
from tests.cifar_models.optimizers.networks import Weight, gradients, small
from tests.cifar_models.small import ONE_PHASE

BOTH = [ScheduleFreeSGD(lr=0.3, beta=0.7), ScheduleFreeAdamW(lr=0.3, beta=0.7, beta2=0.9, eps=1e-3)]
both = pytest.mark.parametrize("rule", BOTH, ids=lambda rule: str(rule.name))


def steepness(weight: float) -> float:
    return 2 * (weight - 3) + 0.1 * weight**3


@both
@pytest.mark.parametrize("decay", [0.0, 0.1])
def test_steps_are_those_of_the_paper(rule: Any, decay: float) -> None:
    rule = rule.model_copy(update={"weight_decay": decay})
    network = Weight(1.0)
    built = rule.build(network, 100)
    newest = mean = 1.0
    square = 0.0
    for step in range(1, 8):
        between = (1 - rule.beta) * newest + rule.beta * mean
        assert network.weight.item() == pytest.approx(between, rel=1e-5)
        gradient = steepness(between)
        network.weight.grad = torch.tensor([gradient])
        if "beta2" in type(rule).model_fields:
            square = rule.beta2 * square + (1 - rule.beta2) * gradient**2
            gradient /= (square / (1 - rule.beta2**step)) ** 0.5 + rule.eps
        built.step()
        newest -= rule.lr * (gradient + decay * between)
        mean += (newest - mean) / step
        [(parameter, counts)] = rule.settled(built)
        assert parameter is network.weight
        assert counts.item() == pytest.approx(mean, rel=1e-4)


@both
def test_being_asked_changes_nothing(rule: Optimizer) -> None:
    def walked(asked: bool) -> list[Tensor]:
        network = small()
        built = rule.build(network, 10)
        for step in range(5):
            gradients(network, step)
            built.step()
            before = copy.deepcopy(built.state_dict()["param_groups"])
            if asked:
                assert len(rule.settled(built)) == 8
            assert built.state_dict()["param_groups"] == before
        return list(network.parameters())

    assert all(torch.equal(a, b) for a, b in zip(walked(True), walked(False), strict=True))


@both
def test_a_first_answer_is_where_it_begins(rule: Optimizer) -> None:
    network = small()
    for parameter, value in rule.settled(rule.build(network, 10)):
        assert torch.equal(parameter, value)


@both
def test_another_phase_begins_with_the_mean(rule: Optimizer) -> None:
    phases = [{"epochs": 1, "optimizer": rule}, {"epochs": 1, "optimizer": "sgd"}]
    recipe = ONE_PHASE.parse(
        {"dataset": "shapes", "model": "lenet5", "phases": phases, "batch_size": 30}
    )
    network = small()
    optimisation = Optimisation(recipe, network, 2, Numerics())
    optimisation.begin(1)
    for step in range(2):
        generator = torch.Generator().manual_seed(step)
        images = torch.randn(5, 2, 6, 6, generator=generator)
        optimisation.step(network(images).square().mean())
    means = [value for _, value in optimisation.settled()]
    assert not all(torch.equal(*pair) for pair in zip(network.parameters(), means, strict=True))
    optimisation.begin(2)
    assert all(torch.equal(*pair) for pair in zip(network.parameters(), means, strict=True))
    assert optimisation.settled() == []


def test_lookahead_hands_on_what_settles_inside() -> None:
    network = small()
    rule = Lookahead(optimizer=BOTH[0], every=100)
    built = rule.build(network, 10)
    for step in range(3):
        gradients(network, step)
        built.step()
    plain = small()
    other = BOTH[0].build(plain, 10)
    for step in range(3):
        gradients(plain, step)
        other.step()
    for (_, mine), (_, its) in zip(rule.settled(built), BOTH[0].settled(other), strict=True):
        assert torch.equal(mine, its)

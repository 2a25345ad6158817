import copy

import pytest
import torch
from torch import nn

from cifar_models.numerics import Numerics
from cifar_models.optimisation import Optimisation
from cifar_models.optimizers import SGD, Adam, Lookahead, Muon, Optimizer
from tests.cifar_models.optimizers.networks import Weight, gradients, small
from tests.cifar_models.small import ONE_PHASE

RATE = SGD(lr=0.1, momentum=0.0)


def path(optimizer: Optimizer, steps: int, total_steps: int = 100) -> list[float]:
    """Return a weight after every step against a gradient of 10, beginning at 0."""
    network = Weight(0.0)
    built = optimizer.build(network, total_steps)
    seen = []
    for _ in range(steps):
        network.weight.grad = torch.tensor([-10.0])
        built.step()
        seen.append(network.weight.item())
    return seen


def test_slow_weights_go_a_part_of_the_way_and_replace_the_fast() -> None:
    walked = path(Lookahead(optimizer=RATE, every=3, alpha=0.5), 7)
    assert walked == pytest.approx([1, 2, 1.5, 2.5, 3.5, 3, 4])


def test_the_pull_weakens_as_the_training_goes_on() -> None:
    walked = path(Lookahead(optimizer=RATE, every=2, alpha=0.25, growth=3.0), 4, total_steps=4)
    half = 2 - 2 * 0.75 * 0.5**3
    assert walked == pytest.approx([1, half, half + 1, half + 2 * 0.25])


def test_the_last_step_ends_in_the_slow_weights() -> None:
    walked = path(Lookahead(optimizer=RATE, every=5, alpha=0.5), 7, total_steps=7)
    assert walked[4:] == pytest.approx([2.5, 3.5, 2.5 + 2 * 0.5])


def test_running_statistics_are_averaged_with_the_weights() -> None:
    network, plain = small(), small()
    built = Lookahead(optimizer=RATE, every=2, alpha=0.5).build(network, 100)
    alone = RATE.build(plain, 100)
    for step in range(2):
        for each, optimizer in ((network, built), (plain, alone)):
            gradients(each, step)
            optimizer.step()
    start, slow, fast = (each[1].state_dict() for each in (small(), network, plain))
    for name in ("running_mean", "running_var", "bias"):
        torch.testing.assert_close(slow[name], (start[name] + fast[name]) / 2)
    assert slow["num_batches_tracked"] == 2


@pytest.mark.parametrize("inside", [SGD(norm_bias_rate=4), Adam(), Muon()])
def test_a_schedule_reaches_every_group_inside(inside: Optimizer) -> None:
    recipe = ONE_PHASE.replace(
        {"optimizer": Lookahead(optimizer=inside), "schedule": "cosine", "epochs": 2}
    )
    alone = ONE_PHASE.replace({"optimizer": inside, "schedule": "cosine", "epochs": 2})
    weights, rates = [], []
    for each in (recipe, alone):
        network = small()
        optimisation = Optimisation(each, network, 4, Numerics())
        optimisation.begin(1)
        for step in range(4):
            generator = torch.Generator().manual_seed(step)
            images = torch.randn(5, 2, 6, 6, generator=generator)
            optimisation.step(network(images).square().mean())
        weights.append([value.clone() for value in network.parameters()])
        rates.append(optimisation.learning_rate)
    assert rates[0] == rates[1]
    assert all(torch.equal(a, b) for a, b in zip(*weights, strict=True)), "not yet pulled"


@pytest.mark.parametrize("inside", [SGD(), Adam(), Muon(), Lookahead(every=3)])
def test_goes_on_from_its_state_in_the_middle_of_a_round(inside: Optimizer) -> None:
    def walk(stop: int | None) -> nn.Module:
        network = small()
        optimizer = Lookahead(optimizer=inside, every=4, growth=1.0)
        built = optimizer.build(network, 11)
        for step in range(11):
            if step == stop:
                state = copy.deepcopy(built.state_dict())
                built = optimizer.build(network, 11)
                built.load_state_dict(state)
            for group in built.param_groups:
                group["lr"] = 0.01 * (1 + step)
            gradients(network, step)
            built.step()
        return network

    whole, stopped = walk(None), walk(6)
    for name, value in whole.state_dict().items():
        assert torch.equal(value, stopped.state_dict()[name]), name

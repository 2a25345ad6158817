import math

import pytest
from torch import nn

from cifar_models.numerics import Numerics
from cifar_models.optimisation import Optimisation
from cifar_models.recipe import Recipe

STEPS = 4


def rates(recipe: Recipe, first: int = 1) -> list[float]:
    """Return the learning rate of every step from an epoch on."""
    network = nn.Linear(2, 1)
    optimisation = Optimisation(recipe, network, STEPS, Numerics())
    if first > 1:
        before = Optimisation(recipe, network, STEPS, Numerics())
        for epoch in range(1, first):
            before.begin(epoch)
        optimisation.restore(first - 1, *before.state(), {})
    seen = []
    for epoch in range(first, recipe.epochs + 1):
        optimisation.begin(epoch)
        for _ in range(STEPS):
            optimisation.step(sum(p.sum() for p in network.parameters()))  # type: ignore[arg-type]
            seen.append(optimisation.learning_rate)
    return seen


RECIPE = Recipe.parse(
    {
        "dataset": "shapes",
        "model": "lenet5",
        "phases": [
            {"epochs": 2, "optimizer": {"name": "adam", "lr": 0.01}, "schedule": "cosine"},
            {"epochs": 1, "optimizer": {"name": "sgd", "lr": 0.5}},
        ],
    }
)


def test_the_schedule_counts_the_steps_of_its_own_phase() -> None:
    cosine = [0.01 * (1 + math.cos(math.pi * step / 8)) / 2 for step in range(8)]
    assert rates(RECIPE) == pytest.approx([*cosine, *[0.5] * STEPS])


@pytest.mark.parametrize("first", [2, 3])
def test_the_schedule_goes_on_where_it_stopped(first: int) -> None:
    assert rates(RECIPE, first) == rates(RECIPE)[(first - 1) * STEPS :]


def test_every_phase_begins_with_a_fresh_optimizer() -> None:
    network = nn.Linear(2, 1)
    recipe = RECIPE.replace({"phases.1.optimizer": "adam"})
    optimisation = Optimisation(recipe, network, STEPS, Numerics())
    for epoch in (1, 2):
        optimisation.begin(epoch)
        optimisation.step(network.weight.sum())
    assert optimisation.state()[0]["state"]
    optimisation.begin(3)
    assert not optimisation.state()[0]["state"]

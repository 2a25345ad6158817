"""Small studies and trials for the tests of this folder."""

from typing import Any

from cifar_models.architectures import PlainCNN
from cifar_models.datasets import Shapes
from cifar_models.numerics import Numerics
from cifar_models.optimizers import SGD
from cifar_models.recipe import Phase, Recipe
from search_spaces import Study, factor
from sweeps.record.identity import TrialSpec

BASE = Recipe(
    dataset=Shapes(train_size=200, test_size=100),
    model=PlainCNN(channels=(4, 8)),
    phases=(Phase(epochs=4, optimizer=SGD(lr=0.05)),),
    batch_size=20,
)


def study(**changes: Any) -> Study:
    """Return a small study with some fields changed."""
    plain = Study(
        name="small",
        question="Does the activation matter?",
        base=BASE,
        factors=(factor("activation", "model.activation", "relu", "tanh"),),
        seeds=2,
    )
    return plain.replace(**changes)


def spec(recipe: Recipe = BASE, seed: int = 0) -> TrialSpec:
    """Return a trial of a recipe."""
    return TrialSpec(recipe, seed, Numerics(), "data")

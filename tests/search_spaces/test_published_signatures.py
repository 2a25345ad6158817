"""Every recipe of every published study takes a step: on a handful of drawn images, on one thread.

Levels that differ in data, split and batch size alone are the same small recipe, and train once.
"""

from functools import cache

import pytest
import torch

from cifar_models.datasets import CIFAR10, CIFAR100, Shapes
from cifar_models.numerics import Numerics
from cifar_models.recipe import Recipe
from cifar_models.splits import Partition, Split, partition
from cifar_models.training import train
from search_spaces.loading import built_in

BATCH = 2
DRAWN = Shapes(train_size=10, test_size=10)
SPLIT = Split(validation=0, train=BATCH)
CLASSES = {CIFAR10(): 10, CIFAR100(): 100}

SIGNATURES = {
    arm.recipe.signature: pytest.param(arm.recipe, id=f"{study.name}-{arm.level}".replace(" ", "_"))
    for study in built_in().values()
    if study.reruns
    for arm in study.arms()
}


@cache
def drawn() -> Partition:
    return partition(DRAWN.build(None), SPLIT)


@cache
def one_epoch(recipe: Recipe, classes: int) -> tuple[str, float, float]:
    """Return the status and the loss of an epoch of one step, and how far the step went."""
    parts = drawn()
    training = train(recipe, 0, parts.train, None, Numerics(), classes)
    weights = [w for w in training.classifier.parameters() if w.requires_grad]
    before = [weight.detach().clone() for weight in weights]
    result = next(training)
    assert len(training.batches) == 1
    moved = sum((old - new.detach()).abs().sum() for old, new in zip(before, weights, strict=True))
    assert isinstance(moved, torch.Tensor)
    return result.status, result.metrics["train/loss"], moved.item()


@pytest.mark.parametrize("recipe", SIGNATURES.values())
def test_every_published_recipe_trains_a_step(recipe: Recipe) -> None:
    small = recipe.replace({"dataset": DRAWN, "split": SPLIT, "batch_size": BATCH})
    status, loss, moved = one_epoch(small, CLASSES[recipe.dataset])
    assert status == "running"
    assert loss >= 0
    assert 0 < moved < float("inf")

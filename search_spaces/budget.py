"""Published studies at a budget of minutes: a first look at directions, before days are spent.

Epochs and images are cut by the same factor, until four epochs are left and images alone are cut;
what is varied, batch sizes and rates stay as they are.
"""

from collections.abc import Iterator
from functools import cache

import torch

from cifar_models.architectures import Architecture, ImageShape
from cifar_models.flops import flops
from cifar_models.recipe import Phase, Recipe
from cifar_models.splits import Split
from search_spaces.designs import Arm, OneFactor
from search_spaces.factors import Factor, Level
from search_spaces.study import Study

BUDGET = 3e14
"""Floating point operations of a study: 50 minutes of two cores, at 50 GFLOP/s each.

One core of a Xeon with AVX-512 trains the published networks at 75 to 125 GFLOP/s, the light
DenseNet alone at 44; a GPU is faster by orders of magnitude.
"""
SEEDS = 2
"""The fewest that show a spread."""
FEWEST_EPOCHS = 4
"""Of the shortest arm: below it schedules are cut off, and arms of 10 and 12 epochs are equal."""
FEWEST_BATCHES = 4
"""Of an epoch of the largest batch."""
MOST_VALIDATION, MOST_TEST = 1000, 2000
"""Images that a shortened study is measured on: a full test costs as much as 3,300 trained on."""
IMAGES, POOL = 50_000, 60_000
"""Training images of CIFAR, and those of training and test together."""

_CIFAR = ImageShape(3, 32, 32, 10)
_FORWARD = 1 / 3  # of an image's training: the way back is two products for each of the way there
_FACTORS = tuple(2 ** (step / 8) for step in range(80))


def quick(study: Study, seeds: tuple[int, ...] | None = None) -> Study:
    """Return a study within the budget; one that is within it already only loses seeds.

    Args:
        study: What to shorten; a search is not supported.
        seeds: Its seeds; the study's first two by default.

    Raises:
        ValueError: Fewer than two seeds.
    """
    assert study.search is None, "published studies do not search"
    seeds = study.seed_list[:SEEDS] if seeds is None else seeds
    if len(seeds) < SEEDS:
        raise ValueError(f"the quick budget wants at least {SEEDS} seeds, got {len(seeds)}")
    study = study.replace(seeds=seeds)
    shortened = (_shortened(study, factor) for factor in _FACTORS)
    return next((s for s in shortened if operations(s) <= BUDGET), _shortened(study, _FACTORS[-1]))


def operations(study: Study) -> float:
    """Estimate the floating point operations of all trials of a study on CIFAR."""
    recipes = {arm.recipe.signature: arm.recipe for arm in study.arms()}
    return len(study.seed_list) * sum(map(_of_a_trial, recipes.values()))


def image_counts(split: Split) -> tuple[int, int, int]:
    """Return how many images of CIFAR a split trains, validates and tests on."""
    test = POOL - IMAGES if split.test is None else _count(split.test, POOL)
    rest = IMAGES if split.test is None else POOL - test
    validation = _count(split.validation, rest)
    train = rest - validation
    return train if split.train is None else split.train, validation, test


def _of_a_trial(recipe: Recipe) -> float:
    train, validation, test = image_counts(recipe.split)
    validations = -(-recipe.epochs // recipe.validate_every)
    measured = validation * validations + test
    return _of_an_image(recipe.model) * (train * recipe.epochs + measured * _FORWARD)


@cache
def _of_an_image(model: Architecture) -> float:
    """Count forward and backward pass of an image, without memory for either."""
    with torch.device("meta"):
        image = torch.zeros(1, _CIFAR.channels, _CIFAR.height, _CIFAR.width)
        counted = flops(model.build(_CIFAR), image)
    assert counted, f"{model.name} computes nothing on images of CIFAR"
    return counted


def _count(amount: int | float, images: int) -> int:
    return amount if isinstance(amount, int) else round(amount * images)


def _shortened(study: Study, factor: float) -> Study:
    """Return a study with epochs and images divided by a factor: the same arms by other names."""
    if factor == 1:
        return study
    arms = study.arms()
    shortest = min(arm.recipe.epochs for arm in arms)
    fewest = FEWEST_BATCHES * max(arm.recipe.batch_size for arm in arms)
    fewer_epochs = max(min(factor, shortest / FEWEST_EPOCHS), 1.0)
    shortened = tuple(
        arm.model_copy(update={"recipe": _with_fewer(arm.recipe, fewer_epochs, factor, fewest)})
        for arm in arms
    )
    base = next(arm.recipe for arm in shortened if arm.baseline)
    factors = tuple(_factors(shortened, base)) if study.factors else ()
    return study.replace(base=base, factors=factors, design=OneFactor())


def _with_fewer(recipe: Recipe, epochs: float, images: float, fewest_images: int) -> Recipe:
    """Return a recipe with so many times fewer epochs and images."""
    train, validation, test = image_counts(recipe.split)
    shorter = recipe.with_epochs(max(round(recipe.epochs / epochs), len(recipe.phases)))
    phases = map(_with_its_schedule, shorter.phases, recipe.phases)
    return shorter.replace(
        {
            "phases": list(phases),
            "split.train": min(max(round(train / images), fewest_images), train),
            "split.validation": min(validation, MOST_VALIDATION),
            "split.test": min(test, MOST_TEST),
        }
    )


def _with_its_schedule(phase: Phase, before: Phase) -> Phase:
    """Let a phase's schedule take as large a part of it as before."""
    stretched = before.schedule.stretched(phase.epochs / before.epochs)
    return phase.model_copy(update={"schedule": stretched})


def _factors(arms: tuple[Arm, ...], base: Recipe) -> Iterator[Factor]:
    """Yield the factors whose levels are these arms."""
    for name in dict.fromkeys(arm.factor for arm in arms):
        yield Factor(
            name=name,
            levels=tuple(
                Level(name=arm.level, changes=_changes(arm.recipe, base))
                for arm in arms
                if arm.factor == name
            ),
        )


def _changes(recipe: Recipe, base: Recipe) -> dict[str, object]:
    before = base.model_dump(mode="json")
    after = recipe.model_dump(mode="json")
    return {part: value for part, value in after.items() if value != before[part]}

"""Uses of chance that do not vary with the seed."""

from typing import get_args

import pytest
import torch

from cifar_models.fixed_streams import NONE_FIXED, PURPOSES, FixedStreams, Purpose
from cifar_models.mixing import Blend
from cifar_models.recipe import Recipe
from cifar_models.training import Training
from tests.cifar_models.small import RECIPE, measured, start

MIXED = RECIPE.replace({"mixing": "mixup"})
ALL_FIXED = dict.fromkeys(PURPOSES, 7)


def test_every_purpose_can_be_fixed_and_has_a_word() -> None:
    assert list(PURPOSES) == list(get_args(Purpose)) == list(FixedStreams.model_fields)


def test_a_purpose_draws_from_its_own_seed_or_from_that_of_the_training() -> None:
    fixed = FixedStreams(init=0, order=4)
    assert [fixed.seed_of(purpose, 9) for purpose in get_args(Purpose)] == [0, 4, 9, 9, 9]


def test_recipes_that_fix_nothing_have_the_signatures_that_they_had() -> None:
    assert RECIPE.signature == "9934245997f31741"
    assert "fixed_streams" not in RECIPE.canonical()
    assert "fixed_streams" not in RECIPE.to_plain()
    for nothing in ({}, NONE_FIXED, {"init": None}):
        assert RECIPE.replace({"fixed_streams": nothing}) == RECIPE


def test_what_is_fixed_is_part_of_the_recipe_and_survives_its_file() -> None:
    fixed = RECIPE.replace({"fixed_streams.init": 0})
    assert fixed == RECIPE.replace({"fixed_streams": {"init": 0}})
    assert fixed.signature not in {
        RECIPE.signature,
        RECIPE.replace({"fixed_streams.init": 1}).signature,
        RECIPE.replace({"fixed_streams.order": 0}).signature,
    }
    assert Recipe.from_yaml(fixed.to_yaml()) == fixed
    with pytest.raises(ValueError, match=r"unknown key 'inti': did you mean 'init'"):
        RECIPE.replace({"fixed_streams": {"inti": 0}})


def drawn(training: Training) -> dict[str, torch.Tensor]:
    """What each use of chance gave in a training's first epoch."""
    weights = torch.cat([w.flatten() for w in training.classifier.network.parameters()]).detach()
    batches = list(training.batches.epoch(training.seed, 1))
    shuffled = torch.cat([labels for _, labels in batches])
    pixels = torch.cat([images for images, _ in batches]).double().flatten(1)
    shape, shares = training.batches.shape, []
    for mixture in MIXED.mixing.mixtures(training._seed_of("mixing"), 1, shape, "cpu"):
        assert isinstance(mixture, Blend)
        shares.append(mixture.share)
    return {"init": weights, "order": shuffled, "augment": pixels, "mixing": torch.tensor(shares)}


@pytest.mark.parametrize("purpose", ["init", "order", "augment", "mixing"])
def test_a_fixed_purpose_is_the_same_over_seeds_and_the_others_are_not(purpose: Purpose) -> None:
    fixed = MIXED.replace({"fixed_streams": {"order": 7, purpose: 7}})  # one order, to see pixels
    one, other = drawn(start(fixed, seed=1)), drawn(start(fixed, seed=2))
    assert {name for name in one if torch.equal(one[name], other[name])} == {"order", purpose}


def test_with_all_fixed_every_seed_is_one_training_that_of_the_fixed_seed() -> None:
    fixed = MIXED.replace({"fixed_streams": ALL_FIXED})
    trainings = start(fixed, seed=1), start(fixed, seed=2), start(MIXED, seed=7)
    for training in trainings:
        list(training)
    first, second, plain = map(measured, trainings)
    assert first == second == plain


def test_dropout_alone_moves_a_training() -> None:
    fixed = MIXED.replace({"fixed_streams": {**ALL_FIXED, "dropout": None}})
    first, second = start(fixed, seed=1), start(fixed, seed=2)
    assert [next(first).metrics["train/loss"]] != [next(second).metrics["train/loss"]]

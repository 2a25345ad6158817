"""Where a recipe lies in a space."""

import re
from typing import Any

import optuna
import pytest

from cifar_models.architectures import LeNet5, PlainCNN
from cifar_models.augmentation import Cutout
from cifar_models.optimizers import SGD, Adam
from cifar_models.ranges import IntRange, LogRange, Range
from search_spaces.bases import SMALL_CNN
from search_spaces.locating import locate
from search_spaces.space import Space, choice, sample, tuned

SPACE: Space = {
    "batch_size": IntRange(16, 256),
    "optimizer": choice(
        tuned(SGD(nesterov=True, momentum=0.9), "lr", "weight_decay"),
        tuned(Adam(), lr=LogRange(1e-4, 1e-1), beta1=choice(0.8, 0.9)),
    ),
    "augmentation": choice(none=(), cutout=(Cutout(size=8),), usual=SMALL_CNN.augmentation),
}


@pytest.mark.parametrize("seed", range(20))
def test_what_was_sampled_is_found_again(seed: int) -> None:
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=seed))
    trial = study.ask()
    point = sample(SPACE, trial)
    assert locate(SPACE, SMALL_CNN, point) == trial.params


def test_a_base_recipe_is_found_though_its_branch_has_a_label_of_its_own() -> None:
    assert locate(SPACE, SMALL_CNN, {}) == {
        "batch_size": 128,
        "optimizer": "sgd",
        "optimizer.sgd.lr": 0.1,
        "optimizer.sgd.weight_decay": 5e-4,
        "augmentation": "usual",
    }


def test_a_point_may_be_partial_and_hold_components_or_names() -> None:
    adam = {"optimizer": "adam", "optimizer.adam.lr": 1e-3, "optimizer.adam.beta1": "0.9"}
    for optimizer in ("adam", Adam(), {"name": "adam"}):
        found = locate(SPACE, SMALL_CNN, {"optimizer": optimizer})
        assert found == adam | {"batch_size": 128, "augmentation": "usual"}
    assert locate(SPACE, SMALL_CNN, {"optimizer.lr": 0.5})["optimizer.sgd.lr"] == 0.5


def test_a_path_within_another_has_the_last_word() -> None:
    space: Space = {
        "model": choice(PlainCNN(channels=(16, 32, 64)), LeNet5()),
        "model.activation": choice("relu", "mish"),
    }
    found = locate(space, SMALL_CNN, {"model": LeNet5(), "model.activation": "mish"})
    assert found == {"model": "lenet5", "model.activation": "mish"}


@pytest.mark.parametrize(
    ("point", "sentence"),
    [
        ({"optimizer": SGD(nesterov=True, momentum=0.9, lr=7.0)},
         "optimizer.lr = 7.0 lies outside [0.001, 1]"),
        ({"batch_size": 8}, "batch_size = 8 lies outside [16, 256]"),
        ({"optimizer": "rmsprop"}, "optimizer = rmsprop is none of sgd, adam"),
        ({"optimizer": SGD(momentum=0.5, weight_decay=1e-3)},
         "optimizer = sgd is none of sgd, adam with these settings"),
        ({"optimizer": Adam(beta1=0.7)}, "optimizer.beta1 = 0.7 is none of 0.8, 0.9"),
        ({"loss": "multi_margin"}, "changes loss in a way that the space does not search"),
        ({"batchsize": 32}, "not a valid recipe: unknown key 'batchsize': did you mean"),
    ],
)  # fmt: skip
def test_what_lies_outside_is_a_sentence(point: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=re.escape(sentence)):
        locate(SPACE, SMALL_CNN, point)


def test_a_truth_value_is_no_number() -> None:
    with pytest.raises(ValueError, match="True lies outside"):
        locate({"optimizer.nesterov": Range(0, 1)}, SMALL_CNN, {})

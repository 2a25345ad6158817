from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from cifar_models.augmentation import Cutout
from cifar_models.optimizers import SGD, Adam
from cifar_models.ranges import IntRange, LogRange, Range
from search_spaces.bases import SMALL_CNN
from search_spaces.space import Choice, Space, branches, choice, probes, sample, tuned, usual_range
from tests.search_spaces.fake import Scripted

SPACE: Space = {
    "batch_size": choice(64, 128),
    "optimizer": choice(
        tuned(SGD(nesterov=True), "lr", momentum=Range(0.5, 0.9)),
        tuned(Adam(), "lr", beta1=choice(0.8, 0.9)),
    ),
    "model.dropout": Range(0.0, 0.5),
    "augmentation": choice(none=(), cutout=(Cutout(size=8),)),
}


def test_only_the_parameters_of_the_chosen_branch_are_asked_for() -> None:
    trial = Scripted({"optimizer": "adam"})
    point = sample(SPACE, trial)
    assert trial.asked == {
        "batch_size": ["64", "128"],
        "optimizer": ["sgd", "adam"],
        "optimizer.adam.lr": (1e-5, 1e-1, True),
        "optimizer.adam.beta1": ["0.8", "0.9"],
        "model.dropout": (0.0, 0.5, False),
        "augmentation": ["none", "cutout"],
    }
    assert point["optimizer"] == Adam(lr=1e-5, beta1=0.8).model_dump()
    assert point["batch_size"] == 64


def test_a_point_is_ready_for_the_recipe_and_keeps_what_is_not_searched() -> None:
    trial = Scripted(
        {"optimizer.sgd.lr": 0.25, "optimizer.sgd.momentum": 0.7, "augmentation": "cutout"}
    )
    recipe = SMALL_CNN.replace(sample(SPACE, trial))
    assert recipe.phases[0].optimizer == SGD(lr=0.25, momentum=0.7, nesterov=True)
    assert recipe.augmentation == (Cutout(size=8),)
    assert recipe.phases[0].schedule == SMALL_CNN.phases[0].schedule


def test_parameter_names_do_not_change_when_the_space_grows() -> None:
    grown = {**SPACE, "loss": choice("cross_entropy", "multi_margin")}
    before, after = Scripted(), Scripted()
    sample(SPACE, before)
    sample(grown, after)
    assert before.asked.items() <= after.asked.items()


def test_sampling_does_not_change_the_space() -> None:
    sample(SPACE, Scripted({"optimizer.sgd.lr": 0.9}))
    option = SPACE["optimizer"].options[0]  # type: ignore[union-attr]
    assert option.value["lr"] == SGD().lr


def test_a_space_survives_json() -> None:
    spaces = TypeAdapter(Space)
    assert spaces.validate_python(spaces.dump_python(SPACE, mode="json")) == SPACE
    ranges: Space = {"a": IntRange(1, 64, log=True), "b": LogRange(1e-3, 1), "c": Range(0, 1)}
    assert spaces.validate_json(spaces.dump_json(ranges)) == ranges


def test_ranges_ask_as_they_are() -> None:
    trial = Scripted()
    point = sample({"i": IntRange(1, 64, log=True), "l": LogRange(0.1, 1.0)}, trial)
    assert trial.asked == {"i": (1, 64, True), "l": (0.1, 1.0, True)}
    assert point == {"i": 1, "l": 0.1}


def test_labels_come_from_values_or_keywords() -> None:
    labels = [option.label for option in choice("relu", 3, SGD(), small=1e-9).options]
    assert labels == ["relu", "3", "sgd", "small"]
    with pytest.raises(ValidationError, match="distinct labels, got sgd, sgd"):
        choice(SGD(lr=0.1), SGD(lr=0.2))
    with pytest.raises(ValidationError):
        Choice(options=())


@pytest.mark.parametrize(
    ("fields", "ranges", "sentence"),
    [
        (["lrr"], {}, "SGD has no 'lrr': did you mean 'lr'"),
        ([], {"momentun": Range(0, 1)}, "SGD has no 'momentun': did you mean 'momentum'"),
        (["nesterov"], {}, "SGD.nesterov states no usual range; give one"),
    ],
)
def test_only_fields_with_ranges_are_tuned(
    fields: list[str], ranges: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        tuned(SGD(), *fields, **ranges)


def test_the_usual_range_is_that_beside_the_field() -> None:
    assert usual_range(SGD, "lr") == LogRange(1e-3, 1.0)
    assert usual_range(Cutout, "size") == IntRange(4, 20)


def test_probes_take_every_option_and_the_middle_of_every_range() -> None:
    points = list(probes(SPACE))
    assert [point["optimizer"]["name"] for point in points] == ["sgd", "adam"]
    assert [point["optimizer"].get("beta1") for point in points] == [None, 0.9]
    assert points[0]["optimizer"]["lr"] == pytest.approx(10**-1.5)
    assert points[0]["model.dropout"] == 0.25
    for point in points:
        SMALL_CNN.replace(point)


def test_branches_name_the_parameters_of_each_option() -> None:
    space: Space = {
        "batch_size": choice(64, 128),
        "optimizer": choice(tuned(SGD(), "lr"), "adam"),
    }
    assert list(branches(space)) == [
        ("", ["batch_size", "optimizer"]),
        ("optimizer=sgd", ["optimizer.sgd.lr"]),
    ]

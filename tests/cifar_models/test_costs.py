import math
from typing import Any

import pytest
from pydantic import TypeAdapter

from cifar_models.component import registry
from cifar_models.costs import (
    Cost,
    EpochsToAccuracy,
    Flops,
    ImagesPerSecond,
    Latency,
    Parameters,
    PeakMemory,
    SecondsToAccuracy,
)
from tests.cifar_models.small import RECIPE, start

FACTS = {"parameters": "62006", "flops": "3204720", "latency": "0.0004", "device": "cpu"}


def curve(*accuracies: float) -> list[dict[str, float]]:
    return [
        {
            "epoch": epoch,
            "validation/accuracy": accuracy,
            "seconds": 2.0 * epoch,
            "images_per_second": 100.0 * epoch,
            "peak_memory": 500.0 - epoch,
        }
        for epoch, accuracy in enumerate(accuracies, start=1)
    ]


@pytest.mark.parametrize(
    ("accuracies", "epochs", "seconds"),
    [
        ((0.1, 0.4, 0.3, 0.5), 2, 2 + 4),
        ((0.39, 0.3999), None, None),
        ((0.9,), 1, 2),
        ((math.nan, math.nan, 0.4), 3, 2 + 4 + 6),  # validated in every third epoch
    ],
)
def test_an_accuracy_is_reached_at_the_first_epoch_that_has_it(
    accuracies: tuple[float, ...], epochs: int | None, seconds: float | None
) -> None:
    rows = curve(*accuracies)
    assert EpochsToAccuracy(accuracy=0.4).measure(rows, FACTS) == epochs
    assert SecondsToAccuracy(accuracy=0.4).measure(rows, FACTS) == seconds


def test_without_validation_no_accuracy_is_reached() -> None:
    rows = [{"epoch": 1.0, "seconds": 2.0}]
    assert EpochsToAccuracy().measure(rows, FACTS) is None


def test_each_accuracy_has_a_column_and_a_head_of_its_own() -> None:
    assert EpochsToAccuracy(accuracy=0.4).column == "epochs_to_accuracy_0.4"
    assert EpochsToAccuracy(accuracy=0.45).column == "epochs_to_accuracy_0.45"
    assert EpochsToAccuracy(accuracy=0.45).title == "epochs to 45 %"
    assert SecondsToAccuracy(accuracy=0.94).title == "time to 94 %"


def test_costs_of_the_whole_trial() -> None:
    rows = curve(0.1, 0.2)
    assert ImagesPerSecond().measure(rows, FACTS) == pytest.approx(2 / (1 / 100 + 1 / 200))
    assert PeakMemory().measure(rows, FACTS) == 499
    assert Parameters().measure(rows, FACTS) == 62006
    assert Flops().measure(rows, FACTS) == 3204720
    assert Latency().measure(rows, FACTS) == 0.0004


def test_what_an_older_trial_did_not_record_is_none() -> None:
    assert Flops().measure(curve(0.1), {"device": "cpu"}) is None
    assert Latency().measure(curve(0.1), {"device": "cpu"}) is None
    assert Parameters().measure(curve(0.1), {}) is None


@pytest.mark.parametrize("choice", registry("cost").values(), ids=lambda choice: choice.__name__)
def test_every_cost_can_be_had_from_a_real_training(choice: type[Any]) -> None:
    training = start(RECIPE.replace({"phases": [RECIPE.phases[0]]}))
    results = list(training)
    rows = [{"epoch": float(result.epoch)} | result.metrics for result in results]
    value = choice.model_validate({"accuracy": 0.01} if "accuracy" in choice.model_fields else {})
    measured = value.measure(rows, FACTS)
    assert measured is not None
    assert measured > 0
    assert measured == value.measure(rows, FACTS)
    assert TypeAdapter(Cost).validate_python(value.model_dump(mode="json")) == value

"""What a run in MLflow is told of a recipe."""

from typing import Any

import pytest

from sweeps.record.run_update import RunUpdate, flatten


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"lr": 0.1, "model": {"name": "cnn", "channels": [4, 8]}},
         {"lr": 0.1, "model.name": "cnn", "model.channels": [4, 8]}),
        ({"augmentation": [{"name": "flip"}, {"name": "crop", "padding": 4}]},
         {"augmentation": "[flip, crop]", "augmentation.crop.padding": 4}),
        ({"phases": [{"epochs": 2}, {"epochs": 3}]}, {"phases.0.epochs": 2, "phases.1.epochs": 3}),
        ({"augmentation": [], "fixed": {}}, {"augmentation": [], "fixed": {}}),
    ],
    ids=["nested", "components", "like components", "empty"],
)  # fmt: skip
def test_nested_data_becomes_few_flat_parameters(
    value: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert flatten(value) == expected


def test_the_newest_epochs_come_first() -> None:
    results = [{"time": float(n), "epoch": n, "metrics": {"loss": 1 / n}} for n in (1, 2, 3)]
    points = RunUpdate().epochs(results).points
    assert [(point.step, point.value) for point in points] == [(3, 1 / 3), (2, 1 / 2), (1, 1.0)]

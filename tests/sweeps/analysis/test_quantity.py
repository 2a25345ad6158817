import pandas as pd
import pytest

from sweeps.analysis.quantity import find_quantity
from tests.sweeps.analysis.frames import small


@pytest.mark.parametrize(
    ("name", "column", "higher_is_better", "unit"),
    [
        ("accuracy", "test/accuracy", True, "%"),
        ("macro_f1", "test/macro_f1", True, "%"),
        ("loss", "test/loss", False, ""),
        ("calibration_error", "test/calibration_error", False, "%"),
        ("validation_accuracy", "validation/accuracy", True, "%"),
        ("validation_loss", "validation/loss", False, ""),
        ("train_accuracy", "train/accuracy", True, "%"),
        ("train_loss", "train/loss", False, ""),
        ("seconds", "seconds", False, "s"),
        ("parameters", "parameters", False, ""),
        ("epochs_to_accuracy_0.4", "epochs_to_accuracy_0.4", False, ""),
        ("images_per_second", "images_per_second", True, ""),
        ("a_cost_unknown_here", "a_cost_unknown_here", False, ""),
    ],
)
def test_each_printed_quantity_has_a_column_and_a_direction(
    name: str, column: str, higher_is_better: bool, unit: str
) -> None:
    quantity = find_quantity(name)
    assert (quantity.name, quantity.column) == (name, column)
    assert quantity.measure.higher_is_better is higher_is_better
    assert quantity.measure.unit == unit


def test_the_title_says_of_which_images() -> None:
    assert find_quantity("validation_macro_f1").measure.title == "validation macro F1"
    assert find_quantity("macro_f1").measure.title == "macro F1"


def test_a_column_that_is_not_there_is_full_of_holes() -> None:
    trials = small()
    assert find_quantity("train_accuracy").of(trials).isna().all()
    assert len(find_quantity("train_accuracy").of(trials)) == len(trials)
    pd.testing.assert_series_equal(find_quantity("loss").of(trials), trials["test/loss"])

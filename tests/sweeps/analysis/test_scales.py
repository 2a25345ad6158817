import pandas as pd
import pytest

from sweeps.analysis.scales import is_log, is_number, ordered_options


@pytest.mark.parametrize(
    ("values", "number", "log"),
    [([0.001, 1.0], True, True), ([1, 4], True, False), ([-1, 40], True, False), ([0, 9], 1, 0)],
)
def test_what_is_a_number_and_when_it_is_logarithmic(
    values: list[float], number: bool, log: bool
) -> None:
    series = pd.Series(values)
    assert is_number(series) == number
    assert is_log(series.astype(float)) == log


def test_truth_values_and_words_are_no_numbers() -> None:
    assert not is_number(pd.Series([True, False], dtype=object))
    assert ordered_options(pd.Series(["b", "a", "b"])) == ["b", "a"]

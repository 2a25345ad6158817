import pandas as pd
import pytest

from sweeps.analysis.plot.slices import is_number, ordered_options, slice_points, slices
from sweeps.analysis.plot.style import is_log
from tests.sweeps.analysis.plot.searched import METRIC, trials


def test_a_row_a_trial_and_parameter_of_its_branch() -> None:
    points = slice_points(trials(), METRIC)
    assert len(points) == 13
    assert set(points["trial"]) == {"t1", "t2", "t3", "t4", "t5"}
    rate = points[points["parameter"] == "optimizer.sgd.lr"]
    assert rate["value"].to_list() == [0.001, 0.1, 1.0]
    assert rate["score"].to_list() == [0.5, 0.9, 0.05]
    assert rate["whole"].to_list() == [True, True, False]


def test_a_trial_without_a_value_is_left_out() -> None:
    frame = trials()
    frame.loc[frame["trial"] == "t2", METRIC] = float("nan")
    assert "t2" not in set(slice_points(frame, METRIC)["trial"])


def test_a_panel_a_parameter_on_its_own_scale() -> None:
    shown = [axes for axes in slices(trials(), METRIC).axes if axes.get_visible()]
    assert [axes.get_xlabel() for axes in shown] == ["optimizer", "optimizer.sgd.lr", "batch_size"]
    assert [axes.get_xscale() for axes in shown] == ["linear", "log", "linear"]
    assert [label.get_text() for label in shown[2].get_xticklabels()] == ["32", "64", "128"]
    stopped, whole = shown[1].lines
    assert (list(stopped.get_xdata()), list(whole.get_xdata())) == ([1.0], [0.001, 0.1])


def test_nothing_searched_is_a_picture_that_says_so() -> None:
    assert slices(trials().tail(1), METRIC).axes == []


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

import pytest

from sweeps.analysis.plot.forest import difference_forest, forest_rows
from sweeps.analysis.table import ablation_table
from tests.sweeps.analysis import frames


def test_forest_rows_are_in_printed_units() -> None:
    trials = frames.blank(frames.small(), "tanh", 12, "diverged")
    rows = forest_rows(ablation_table(trials, frames.CONTEXT))
    assert rows["label"].to_list() == ["activation (baseline relu)", "leaky_relu", "tanh"]
    assert rows["heading"].to_list() == [True, False, False]
    assert rows.loc[1, "difference"] == pytest.approx(3.0)
    assert rows.loc[1, "low"] == pytest.approx(0.5159, abs=1e-4)
    assert rows["resolved"].to_list() == [False, True, False]
    assert rows["corrected"].to_list() == [False, False, False]
    assert rows.loc[1, "text"] == "+3.00  [+0.52, +5.48]"
    assert str(rows.loc[2, "text"]).endswith("(1 diverged)")


def test_only_a_corrected_difference_is_filled() -> None:
    levels = {"relu": [0.70, 0.72, 0.74], "elu": [0.80, 0.821, 0.842]}
    figure = difference_forest(ablation_table(frames.trials({"a": levels}), frames.CONTEXT))
    (marker,) = [line for line in figure.axes[0].lines if line.get_marker() == "o"]
    assert marker.get_markerfacecolor() == marker.get_color()

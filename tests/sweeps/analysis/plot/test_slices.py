from sweeps.analysis.plot.slices import slice_points, slices
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

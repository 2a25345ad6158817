import numpy as np
import pytest

from sweeps.analysis.plot.parallel import FLOOR, coordinates, parallel_coordinates
from sweeps.analysis.plot.slices import slice_points
from tests.sweeps.analysis.plot.searched import METRIC, trials


def test_every_parameter_lies_between_nought_and_one_on_its_own_scale() -> None:
    frame, marks = coordinates(slice_points(trials(), METRIC))
    assert frame.index.to_list() == ["t1", "t3", "t2"], "the best is drawn last, on top"
    assert frame["score"].to_list() == [0.5, 0.7, 0.9]
    assert frame["optimizer"].to_list() == [0, 1, 0]
    assert frame["batch_size"].to_list() == pytest.approx([0, 0.5, 1])
    rate = frame["optimizer.sgd.lr"]
    assert (rate["t1"], rate["t2"]) == (0, 1)
    assert np.isnan(rate["t3"]), "not in its branch"
    assert marks == {
        "optimizer": {0.0: "sgd", 1.0: "adam"},
        "optimizer.sgd.lr": {0.0: "0.001", 1.0: "0.1"},
        "batch_size": {0.0: "32", 0.5: "64", 1.0: "128"},
    }


def test_a_line_a_trial_that_ran_to_its_end() -> None:
    axes = parallel_coordinates(trials(), METRIC).axes[0]
    (lines,) = axes.collections
    assert len(lines.get_segments()) == 3
    assert min(segment[:, 1].min() for segment in lines.get_segments()) == FLOOR
    assert parallel_coordinates(trials().assign(status="stopped"), METRIC).axes == []


def test_one_value_alone_has_one_mark() -> None:
    one = trials()[lambda frame: frame["trial"] == "t2"]
    _, marks = coordinates(slice_points(one, METRIC))
    assert marks["optimizer.sgd.lr"] == {0.0: "0.1"}

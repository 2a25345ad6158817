import pytest

from cifar_models.costs import EpochsToAccuracy, Flops, ImagesPerSecond
from sweeps.analysis.plot.tradeoff import tolls, tradeoff_points, tradeoffs
from sweeps.analysis.table import Table, ablation_table
from tests.sweeps.analysis import frames

SIZES = {"relu": 100, "leaky_relu": 300, "tanh": 200}


def table() -> Table:
    trials = frames.small()
    trials["parameters"] = trials["level"].map(SIZES)
    return ablation_table(trials, frames.CONTEXT)


def test_the_front_is_what_is_not_beaten_for_less() -> None:
    points = tradeoff_points(table(), "parameters")
    assert points["level"].to_list() == ["relu", "tanh", "leaky_relu"]
    assert points["cost"].to_list() == [100, 200, 300]
    assert points["mean"].to_list() == pytest.approx([0.72, 0.72, 0.75])
    assert points["front"].to_list() == [True, False, True]
    assert points["baseline"].to_list() == [True, False, False]


def test_a_level_without_all_seeds_is_neither_on_the_front_nor_beats_others() -> None:
    trials = frames.blank(frames.small(), "leaky_relu", 12, "diverged")
    trials["parameters"] = trials["level"].map(SIZES | {"leaky_relu": 50})
    points = tradeoff_points(ablation_table(trials, frames.CONTEXT), "parameters")
    assert points["level"].to_list() == ["leaky_relu", "relu", "tanh"]
    assert points["front"].to_list() == [False, True, False]


def test_of_a_loss_less_is_better() -> None:
    trials = frames.small()
    trials["parameters"] = trials["level"].map(SIZES)
    points = tradeoff_points(ablation_table(trials, frames.CONTEXT, "loss"), "parameters")
    assert points.set_index("level")["front"].to_dict() == {
        "relu": True,
        "tanh": False,
        "leaky_relu": True,
    }


def test_a_baseline_of_two_factors_is_one_point_and_levels_say_whose_they_are() -> None:
    trials = frames.trials({"a": {"x": [0.7, 0.71], "y": [0.7, 0.72]}, "b": {"x": [0.7, 0.71]}})
    trials["variant"] = trials["level"]
    trials["trial"] = trials["level"] + trials["seed"].astype(str)
    points = tradeoff_points(ablation_table(trials, frames.CONTEXT), "seconds")
    assert points["level"].to_list() == ["x", "a y"]


def test_only_costs_that_differ_are_drawn() -> None:
    costs = (Flops(), ImagesPerSecond(), EpochsToAccuracy())
    trials = frames.small()
    trials["flops"] = trials["level"].map({"relu": 1e6, "leaky_relu": 2e6, "tanh": 2e6})
    trials["images_per_second"] = range(9)
    found = tolls(ablation_table(trials, frames.CONTEXT, costs=costs))
    assert [toll.column for toll in found] == ["flops"]
    figure = tradeoffs(ablation_table(trials, frames.CONTEXT, costs=costs))
    (axes,) = figure.axes
    assert axes.get_xlabel().startswith("FLOPs (million an image)")
    assert len(tradeoffs(table()).axes) == 1
    assert tradeoffs(ablation_table(frames.small(), frames.CONTEXT)).axes == []


def test_a_span_of_sizes_is_logarithmic() -> None:
    trials = frames.small()
    trials["parameters"] = trials["level"].map({"relu": 100, "leaky_relu": 3000, "tanh": 200})
    figure = tradeoffs(ablation_table(trials, frames.CONTEXT))
    assert [axes.get_xscale() for axes in figure.axes] == ["log"]
    assert [axes.get_xscale() for axes in tradeoffs(table()).axes] == ["linear"]

import numpy as np
import pandas as pd
import pytest

from sweeps.analysis.plot.curves import curve_bands, learning_curves, named_levels
from sweeps.analysis.plot.style import NAMED
from tests.sweeps.analysis import frames


def test_bands_are_means_over_finished_seeds() -> None:
    trials = frames.blank(frames.small(), "leaky_relu", 12, "stopped")
    bands = curve_bands(frames.curves(trials), trials, "validation/accuracy")
    last = bands[bands["epoch"] == 10].set_index("level")
    rise = 1 - 0.6**10
    assert last.loc["relu", "mean"] == pytest.approx(0.73 * rise)
    assert last.loc["relu", "sd"] == pytest.approx(0.02 * rise)
    assert last.loc["leaky_relu", "mean"] == pytest.approx(0.745 * rise)
    assert last["seeds"].to_dict() == {"relu": 3, "leaky_relu": 2, "tanh": 3}


def test_curves_of_the_search_are_left_out() -> None:
    ablation = frames.small()
    search = ablation.assign(role="search", trial="search-" + ablation["trial"])
    trials = pd.concat([ablation, search], ignore_index=True)
    bands = curve_bands(frames.curves(trials), trials, "validation/accuracy")
    assert set(bands["seeds"]) == {3}


def test_an_epoch_that_some_seeds_lack_is_no_mean_over_the_others() -> None:
    trials = frames.small()
    curves = frames.curves(trials)
    curves = curves[(curves["trial"] != "activation-tanh-0") | (curves["epoch"] <= 6)]
    bands = curve_bands(curves, trials, "validation/accuracy")
    assert bands[bands["level"] == "tanh"]["epoch"].max() == 6


def test_curves_have_a_line_a_level_and_a_legend_outside() -> None:
    trials = frames.small()
    figure = learning_curves(frames.curves(trials), trials)
    (axes,) = figure.axes
    assert len(axes.lines) == 3
    legend = axes.get_legend()
    assert legend is not None
    texts = [text.get_text() for text in legend.get_texts()]
    assert texts == ["leaky_relu, n=3", "relu (baseline), n=3", "tanh, n=3"]
    figure.canvas.draw()
    assert legend.get_window_extent().x0 >= axes.get_window_extent().x1


def test_without_validation_the_training_loss_is_drawn() -> None:
    trials = frames.small()
    curves = frames.curves(trials).assign(**{"validation/accuracy": np.nan})
    assert learning_curves(curves, trials).axes[0].get_ylabel() == "train loss"


def test_of_many_levels_the_baseline_and_the_best_are_named() -> None:
    levels = {f"l{number}": [0.5 + 0.01 * number, 0.51 + 0.01 * number] for number in range(30)}
    trials = frames.trials({"a": levels})
    bands = curve_bands(frames.curves(trials), trials, "validation/accuracy")
    named = named_levels(bands)
    assert named == ["l0", *(f"l{number}" for number in range(31 - NAMED, 30))]
    assert named_levels(bands, higher_is_better=False) == [f"l{n}" for n in range(NAMED)]
    legend = learning_curves(frames.curves(trials), trials).axes[0].get_legend()
    assert legend is not None
    assert legend.get_title().get_text() == "in grey: 20 others"

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sweeps.analysis.plot import curve_bands, difference_forest, forest_rows, learning_curves, save
from sweeps.analysis.table import ablation_table
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


@pytest.mark.parametrize("suffix", [".png", ".svg"])
def test_figures_are_saved_and_reproducible(tmp_path: Path, suffix: str) -> None:
    table = ablation_table(frames.small(), frames.CONTEXT)
    first = save(difference_forest(table), tmp_path / "plots" / f"forest{suffix}")
    second = save(difference_forest(table), tmp_path / f"again{suffix}")
    assert first.stat().st_size > 5000
    assert first.read_bytes() == second.read_bytes()


def test_an_unknown_suffix_is_refused(tmp_path: Path) -> None:
    figure = difference_forest(ablation_table(frames.small(), frames.CONTEXT))
    with pytest.raises(ValueError, match=r"name it \.png, \.svg or \.pdf"):
        save(figure, tmp_path / "forest.bmp")


def test_nothing_finished_is_a_picture_that_says_so(tmp_path: Path) -> None:
    trials = frames.small().assign(status="running")
    save(learning_curves(frames.curves(trials), trials), tmp_path / "curves.png")
    save(difference_forest(ablation_table(trials, frames.CONTEXT)), tmp_path / "forest.png")


def test_names_are_no_mathematics(tmp_path: Path) -> None:
    levels = {"_relu": [0.70, 0.72], "a$b^2$": [0.71, 0.75]}
    trials = frames.trials({"x_$": levels})
    save(learning_curves(frames.curves(trials), trials), tmp_path / "curves.png")
    save(difference_forest(ablation_table(trials, frames.CONTEXT)), tmp_path / "forest.svg")

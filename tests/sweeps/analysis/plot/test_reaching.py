import numpy as np
import pandas as pd
import pytest

from sweeps.analysis.plot.reaching import TARGETS, reaching_times, time_to_accuracy
from tests.sweeps.analysis import frames

METRIC = "validation/accuracy"


def curves(trials: pd.DataFrame, values: dict[str, list[float]]) -> pd.DataFrame:
    """Epochs of 2 s; the values of a trial by its name."""
    rows = [
        {"trial": trial, "epoch": epoch, METRIC: value, "train/loss": 1 - value, "seconds": 2.0}
        for trial in trials["trial"]
        for epoch, value in enumerate(values[trial], start=1)
    ]
    return pd.DataFrame(rows)


def test_seconds_until_a_value_was_first_reached_by_all_seeds() -> None:
    trials = frames.trials({"a": {"x": [0.7, 0.8], "y": [0.7, 0.7]}})
    values = {
        "a-x-0": [0.0, 0.5, 0.4, 1.0],
        "a-x-1": [0.5, 0.5, 1.0, 1.0],
        "a-y-0": [0.1, 0.2, 0.3, 0.6],
        "a-y-1": [0.1, 0.2, 0.3, 0.2],
    }
    times = reaching_times(curves(trials, values), trials, METRIC)
    x = times[times["level"] == "x"].set_index("target")["seconds"]
    assert x.index[-1] == 1.0
    assert x.iloc[-1] == (8 + 6) / 2
    assert x.iloc[0] == 2.0
    half = np.linspace(0, 1, TARGETS)[TARGETS // 2 - 1]  # just below 0.5
    assert x[half] == (4 + 2) / 2
    y = times[times["level"] == "y"]
    assert y["target"].max() == pytest.approx(0.3, abs=1 / TARGETS)
    assert set(times["seeds"]) == {2}


def test_of_a_loss_less_is_reached_later() -> None:
    trials = frames.trials({"a": {"x": [0.7, 0.8]}})
    values = {"a-x-0": [0.2, 0.5], "a-x-1": [0.2, 0.5]}
    times = reaching_times(curves(trials, values), trials, "train/loss")
    assert times["target"].iloc[[0, -1]].to_list() == pytest.approx([0.8, 0.5])
    assert times["seconds"].iloc[[0, -1]].to_list() == [2.0, 4.0]


def test_a_stopped_trial_counts_for_nothing() -> None:
    trials = frames.trials({"a": {"x": [0.7, 0.8]}})
    trials.loc[1, "status"] = "stopped"
    values = {"a-x-0": [0.2, 0.5], "a-x-1": [0.1, 0.1]}
    times = reaching_times(curves(trials, values), trials, METRIC)
    assert times["target"].max() == 0.5
    assert set(times["seeds"]) == {1}


def test_an_axes_a_factor() -> None:
    trials = frames.trials({"a": {"x": [0.7], "y": [0.6]}, "b": {"z": [0.7]}})
    values = {trial: [0.2, 0.5] for trial in trials["trial"]}
    figure = time_to_accuracy(curves(trials, values), trials, METRIC)
    assert [len(axes.lines) for axes in figure.axes] == [2, 1]
    nothing = curves(trials, values).assign(**{METRIC: np.nan})
    assert time_to_accuracy(nothing, trials, METRIC).axes == []

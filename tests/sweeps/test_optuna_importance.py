"""Importance on planted searches: what matters is known."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from cifar_models.optimizers import SGD, Adam
from search_spaces import LogRange, Range, Search
from search_spaces.space import choice, tuned
from sweeps.analysis.importance import Importance, rung_values
from sweeps.optuna_importance import importance

METRIC = "validation/accuracy"
FLAT = {"optimizer.lr": LogRange(0.001, 1.0), "momentum": Range(0.0, 1.0)}


def search(space: dict[str, Any] | None = None, **changes: Any) -> Search:
    return Search(space=space or FLAT, **({"scheduler": "none", "trials": 40} | changes))


def frames(
    suggested: list[dict[str, Any]], curves: list[list[float]]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A search of these suggestions, with their values by epoch."""
    trials = pd.DataFrame(
        {"trial": f"t{n}", "role": "search", "suggested": values, "status": "finished"}
        for n, values in enumerate(suggested)
    )
    points = [
        {"trial": f"t{n}", "epoch": epoch, METRIC: value}
        for n, curve in enumerate(curves)
        for epoch, value in enumerate(curve, start=1)
    ]
    return trials, pd.DataFrame(points)


def drawn(count: int) -> list[dict[str, Any]]:
    rng = np.random.default_rng(0)
    return [
        {"optimizer.lr": float(10 ** rng.uniform(-3, 0)), "momentum": float(rng.uniform())}
        for _ in range(count)
    ]


def by_name(found: Importance) -> pd.DataFrame:
    return found.frame.set_index("parameter")


def test_what_matters_is_above_chance_and_what_does_not_is_below() -> None:
    points = drawn(40)
    values = [[-((np.log10(point["optimizer.lr"]) + 1.5) ** 2)] for point in points]
    found = importance(search(), 1, *frames(points, values), METRIC)
    rows = by_name(found)
    assert found.frame["parameter"].to_list() == ["optimizer.lr", "momentum"]
    assert rows.at["optimizer.lr", "ped_anova"] > 2 * rows.at["optimizer.lr", "chance"]
    assert rows.at["momentum", "ped_anova"] < rows.at["momentum", "chance"]
    assert rows.at["optimizer.lr", "fanova"] > 0.8 > 0.2 > rows.at["momentum", "fanova"]
    assert rows["ped_anova"].between(0, 1.05).all()
    again = importance(search(), 1, *frames(points, values), METRIC)
    pd.testing.assert_frame_equal(found.frame, again.frame)
    assert "Exploratory" in found.words()


def test_stopped_trials_are_looked_at_where_all_were_and_survivors_alone_would_mislead() -> None:
    """The learning rate decides who passes the rung; momentum orders those who did."""
    points, curves = drawn(60), []
    for point in points:
        early = 0.5 + 0.1 * np.log10(point["optimizer.lr"])
        passed = point["optimizer.lr"] > 0.2
        curves.append([early, early, 0.6 + 0.3 * point["momentum"]] if passed else [early])
    trials, points_of = frames(points, curves)
    halved = search(scheduler="asha", trials=60)
    rows = by_name(importance(halved, 3, trials, points_of, METRIC))
    assert rows.at["optimizer.lr", "ped_anova"] > 3 * rows.at["momentum", "ped_anova"]
    assert rows["n"].to_list() == [60, 60]
    assert rows["fanova"].isna().all()
    last = points_of.groupby("trial").last().reset_index().assign(epoch=3)
    wrong = by_name(importance(search(), 3, trials, last, METRIC))
    assert wrong.at["momentum", "fanova"] > 2 * rows.at["momentum", "ped_anova"]
    survivors = points_of[points_of["epoch"] == 3]
    assert rung_values(trials, points_of, METRIC, 3)["trial"].nunique() == len(survivors)


def test_a_parameter_of_a_branch_is_judged_among_its_trials() -> None:
    space = {"optimizer": choice(tuned(SGD(), "lr"), tuned(Adam(), "lr"))}
    points: list[dict[str, Any]] = []
    values = []
    for place, rate in enumerate(np.geomspace(0.0011, 0.09, 30)):
        points.append({"optimizer": "sgd", "optimizer.sgd.lr": float(rate)})
        values.append([0.5 + 0.01 * np.log10(rate)])
        if place < 10:
            points.append({"optimizer": "adam", "optimizer.adam.lr": float(rate)})
            values.append([0.9])
    found = importance(search(space), 1, *frames(points, values), METRIC)
    rows = by_name(found)
    assert rows.at["optimizer", "n"] == 40
    assert (rows.at["optimizer.sgd.lr", "branch"], rows.at["optimizer.sgd.lr", "n"]) == (
        "optimizer=sgd", 30,
    )  # fmt: skip
    assert rows.at["optimizer.sgd.lr", "ped_anova"] > rows.at["optimizer.sgd.lr", "chance"]
    assert "optimizer.adam.lr" not in rows.index
    assert set(found.effects["parameter"]) == {"optimizer", "optimizer.sgd.lr"}
    assert found.notes == (
        "Importance of the branch optimizer=adam: 10 trials came to epoch 1; of fewer than 20 the "
        "best quarter holds less than 5, which say nothing.",
    )


def test_less_loss_is_better() -> None:
    points = drawn(40)
    values = [[float(point["momentum"] < 0.3)] for point in points]
    trials, curves = frames(points, values)
    loss = curves.rename(columns={METRIC: "validation/loss"})
    best_low = importance(search(), 1, trials, curves, METRIC)
    best_high = importance(search(), 1, trials, loss, "validation/loss")
    assert by_name(best_low).at["momentum", "ped_anova"] > 0.3
    assert not np.isclose(
        by_name(best_low).at["momentum", "ped_anova"],
        by_name(best_high).at["momentum", "ped_anova"], equal_nan=True,
    )  # fmt: skip


CHOICES = {"activation": choice(*"abcde"), "momentum": Range(0.0, 1.0)}


def of_choices(count: int, seed: int) -> tuple[list[dict[str, Any]], list[list[float]]]:
    """A search in which one of five options decides, and a number does nothing."""
    rng = np.random.default_rng(seed)
    points = [
        {"activation": str(rng.choice(list("abcde"))), "momentum": float(rng.uniform())}
        for _ in range(count)
    ]
    return points, [[3.0 * (p["activation"] == "a") + 0.5 * rng.normal()] for p in points]


def test_a_choice_has_the_share_that_its_options_explain_and_its_chance_likewise() -> None:
    points, values = of_choices(60, seed=0)
    rows = by_name(importance(search(CHOICES), 1, *frames(points, values), METRIC))
    best = pd.Series([value >= np.sort(np.ravel(values))[-15] for (value,) in values])
    options = pd.Series([point["activation"] for point in points])
    explained = sum(
        (options == name).mean() * (best[options == name].mean() - 0.25) ** 2 for name in "abcde"
    )
    assert rows.at["activation", "ped_anova"] == pytest.approx(explained / (0.25 * 0.75))
    assert rows.at["activation", "ped_anova"] > 0.6
    exceeded_in_5_percent = 9.49 / 59  # chi-squared of 4 degrees of freedom, over n - 1
    assert rows.at["activation", "chance"] == pytest.approx(exceeded_in_5_percent, rel=0.25)


def test_a_choice_that_decides_is_above_a_number_that_does_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sweeps.optuna_importance._SHUFFLES", 1)
    halved, first = search(CHOICES, scheduler="asha"), []
    for seed in range(20):
        told = frames(*of_choices(24, seed))
        first.append(importance(halved, 3, *told, METRIC).frame["parameter"][0])
    assert first.count("activation") >= 19


def test_a_search_of_choices_alone_is_judged() -> None:
    points, values = of_choices(24, seed=0)
    space = {"activation": CHOICES["activation"]}
    points = [{"activation": point["activation"]} for point in points]
    rows = by_name(importance(search(space), 1, *frames(points, values), METRIC))
    assert rows.at["activation", "ped_anova"] > rows.at["activation", "chance"]
    same = importance(search(space), 1, *frames(points, [[0.5]] * 24), METRIC)
    assert by_name(same)[["ped_anova", "fanova"]].isna().all(axis=None)


def test_too_few_trials_are_a_sentence() -> None:
    points = drawn(19)
    found = importance(search(), 1, *frames(points, [[0.5]] * 19), METRIC)
    assert found.frame.empty
    assert found.notes[0].startswith("Importance: 19 trials came to epoch 1; of fewer than 20")

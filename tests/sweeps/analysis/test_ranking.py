import numpy as np
import pandas as pd

from sweeps.analysis.ranking import best_levels
from sweeps.analysis.table import ablation_table
from tests.sweeps.analysis import frames

NOISE = np.array([0.001, -0.002, 0.0015, -0.0005, 0.0])
SEEDS = np.array([0.70, 0.74, 0.71, 0.78, 0.73])


def best(*levels: np.ndarray, higher_is_better: bool = True) -> list[bool]:
    (found,) = best_levels([np.array(levels)], higher_is_better=higher_is_better)
    return found


def test_the_first_and_all_that_are_not_told_from_it_are_best() -> None:
    assert best(SEEDS, SEEDS + 0.1 + NOISE, SEEDS + 0.1 - NOISE[::-1]) == [False, True, True]
    assert best(SEEDS, SEEDS + 0.1 + NOISE, higher_is_better=False) == [True, False]


def test_pairs_of_equal_differences_are_not_told_apart() -> None:
    assert best(SEEDS, SEEDS + 0.1) == [True, True]


def test_more_rivals_in_the_study_ask_for_more() -> None:
    close = np.array([SEEDS, SEEDS + 0.0025 + NOISE])
    assert best_levels([close], higher_is_better=True) == [[False, True]]
    assert best_levels([close] * 4, higher_is_better=True) == [[True, True]] * 4


def test_only_ranked_levels_with_a_rival_are_marked() -> None:
    trials = frames.blank(frames.small(), "tanh", 12, "diverged")
    table = ablation_table(trials, frames.CONTEXT)
    best_of = table.frame.set_index("level")["best"]
    assert best_of[["relu", "leaky_relu"]].to_list() == [False, True]
    assert pd.isna(best_of["tanh"])
    alone = ablation_table(frames.trials({"recipe": {"winner": [0.7, 0.8]}}), frames.CONTEXT)
    assert alone.frame["best"].isna().all()
    assert "not distinguishable" not in alone.caption


def test_a_loss_is_best_where_it_is_least() -> None:
    levels = {"relu": [0.70, 0.72, 0.74, 0.71], "elu": [0.80, 0.821, 0.842, 0.809]}
    table = ablation_table(frames.trials({"a": levels}), frames.CONTEXT, "loss")
    assert table.frame["best"].to_list() == [False, True]  # losses are 1.1 minus the value


def test_factors_of_other_seeds_do_not_mix() -> None:
    levels = {"relu": [0.70, 0.72, 0.74], "elu": [0.80, 0.821, 0.842]}
    other = frames.trials({"norm": levels}, first_seed=50)
    both = pd.concat([frames.trials({"activation": levels}), other], ignore_index=True)
    assert ablation_table(both, frames.CONTEXT).frame["best"].to_list() == [False, True] * 2

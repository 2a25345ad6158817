import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sweeps.analysis.table import Table, ablation_table
from tests.sweeps.analysis import frames


def table_of(trials: pd.DataFrame, metric: str = "accuracy") -> Table:
    return ablation_table(trials, frames.CONTEXT, metric)


def row(table: Table, level: str) -> Any:
    return table.frame.set_index("level").loc[level]


def test_numbers_equal_those_worked_out_by_hand() -> None:
    table = table_of(frames.small())
    leaky = row(table, "leaky_relu")
    assert leaky["test_mean"] == pytest.approx(0.75)
    assert leaky["test_sd"] == pytest.approx(math.sqrt(0.0014 / 2))
    assert leaky["validation_mean"] == pytest.approx(0.76)
    assert leaky["difference"] == pytest.approx(0.03)
    assert leaky["low"] == pytest.approx(0.03 - 4.302653 * 0.01 / math.sqrt(3), abs=1e-8)
    assert leaky["p"] == pytest.approx(1 - math.sqrt(27 / 29))
    assert leaky["p_holm"] == pytest.approx(2 * leaky["p"])
    assert leaky["macro_f1"] == pytest.approx(0.73)
    assert leaky["parameters"] == 62006
    assert leaky["seconds"] == pytest.approx(31.0)
    assert leaky["status"] == "finished"
    assert row(table, "tanh")["p_holm"] == pytest.approx(1.0)


def test_resolved_and_unresolved_differences_are_told_apart() -> None:
    table = table_of(frames.small())
    assert row(table, "leaky_relu")["resolved"]
    assert not row(table, "tanh")["resolved"]
    assert "(1 of 2; 0 also after adjustment)" in table.caption
    assert any(note.startswith("yes\N{DAGGER}") for note in table.footnotes)


def test_baseline_comes_first_and_is_compared_with_nothing() -> None:
    backwards = frames.small().iloc[::-1]
    table = table_of(backwards)
    assert table.frame["level"].to_list() == ["relu", "tanh", "leaky_relu"]
    assert table.frame["baseline"].to_list() == [True, False, False]
    assert pd.isna(row(table, "relu")[["difference", "low", "p", "p_holm", "resolved"]]).all()


def test_ranks_follow_the_mean_within_a_factor() -> None:
    assert table_of(frames.small()).frame["rank"].to_list() == [2, 1, 2]
    # The loss of `small` is 1.1 minus the accuracy: the same order, read the other way.
    assert table_of(frames.small(), "loss").frame["rank"].to_list() == [2, 1, 2]


def test_holm_is_over_the_whole_study() -> None:
    levels = {"relu": [0.70, 0.72, 0.74], "elu": [0.73, 0.74, 0.78]}
    one = table_of(frames.trials({"activation": levels}))
    two = table_of(frames.trials({"activation": levels, "other": levels}))
    assert row(one, "elu")["p_holm"] == pytest.approx(row(one, "elu")["p"])
    elus = two.frame[two.frame["level"] == "elu"]
    assert elus["p_holm"].to_numpy() == pytest.approx(2 * elus["p"].to_numpy())


@pytest.mark.parametrize("status", ["stopped", "diverged", "out_of_memory", "failed", "missing"])
def test_an_unfinished_seed_enters_no_mean_and_takes_p_value_and_rank(status: str) -> None:
    trials = frames.blank(frames.small(), "leaky_relu", 12, status)
    table = table_of(trials)
    leaky = row(table, "leaky_relu")
    assert table.split == "test"
    assert (leaky["completed"], leaky["seeds"]) == (2, 3)
    assert leaky["validation_mean"] == pytest.approx(0.745)
    assert leaky["test_mean"] == pytest.approx(0.735)
    assert leaky["difference"] == pytest.approx(0.025)
    assert pd.isna(leaky[["low", "high", "p", "p_holm", "resolved", "rank"]]).all()
    assert leaky["status"] == f"1 {status}"
    assert table.interim == (status == "missing")
    assert any(f"leaky_relu (1 {status})" in note for note in table.footnotes)


def test_a_hole_in_the_baseline_leaves_no_comparison_whole() -> None:
    table = table_of(frames.blank(frames.small(), "relu", 11, "diverged"))
    assert table.frame["p"].isna().all()
    assert row(table, "tanh")["pairs"] == 2
    assert any("Not every seed has a baseline" in note for note in table.footnotes)


def test_a_level_that_always_diverged_is_a_row_of_holes() -> None:
    trials = frames.small()
    for seed in (10, 11, 12):
        trials = frames.blank(trials, "tanh", seed, "diverged")
    tanh = row(table_of(trials), "tanh")
    assert tanh["completed"] == 0
    assert pd.isna(tanh[["validation_mean", "test_mean", "difference", "parameters"]]).all()
    assert tanh["status"] == "3 diverged"


def test_a_study_without_any_finished_trial_still_has_a_table() -> None:
    trials = frames.small().assign(status="missing", epochs=0)
    trials[["validation/accuracy", "test/accuracy", "parameters"]] = np.nan
    table = table_of(trials)
    assert table.interim
    assert table.caption.startswith("INTERIM: 9 cells still to come.")


def test_validation_serves_until_complete_levels_are_tested() -> None:
    trials = frames.small()
    trials.loc[trials["level"] == "tanh", "test/accuracy"] = np.nan
    table = table_of(trials)
    assert table.split == "validation"
    assert "on validation, paired" in table.caption
    assert row(table, "leaky_relu")["macro_f1"] == pytest.approx(0.74)


def test_an_incomplete_level_need_not_be_tested() -> None:
    trials = frames.blank(frames.small(), "tanh", 12, "diverged")
    trials.loc[trials["level"] == "tanh", "test/accuracy"] = np.nan
    assert table_of(trials).split == "test"


def test_without_validation_data_the_test_split_serves() -> None:
    trials = frames.small().assign(**{"validation/accuracy": np.nan, "validation/macro_f1": np.nan})
    table = table_of(trials)
    assert table.split == "test"
    assert table.frame["validation_mean"].isna().all()


def test_one_seed_gets_means_only() -> None:
    table = table_of(frames.trials({"activation": {"relu": [0.7], "tanh": [0.8]}}))
    tanh = row(table, "tanh")
    assert tanh["difference"] == pytest.approx(0.1)
    assert pd.isna(tanh[["test_sd", "low", "p", "rank"]]).all()
    assert any(note.startswith("One seed shows no spread") for note in table.footnotes)


def test_equal_differences_are_explained() -> None:
    table = table_of(frames.trials({"activation": {"relu": [0.7, 0.8], "tanh": [0.75, 0.85]}}))
    assert pd.isna(row(table, "tanh")["p"])
    assert any("same difference at every seed: activation=tanh" in n for n in table.footnotes)


def test_unknown_metric() -> None:
    with pytest.raises(ValueError, match="no table can be made of 'speed': choose one of accuracy"):
        table_of(frames.small(), "speed")

"""Ranks at a rung and at the full budget."""

import math

import pandas as pd
import pytest

from sweeps.analysis.agreement import agreement_lines, rank_agreement

METRIC = "validation/accuracy"


def frames(values: dict[str, list[float]], **status: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    trials = [
        {"trial": name, "role": "search", "status": status.get(name, "finished"), METRIC: v[-1]}
        for name, v in values.items()
    ]
    curves = [
        {"trial": name, "epoch": epoch, METRIC: value}
        for name, v in values.items()
        for epoch, value in enumerate(v, start=1)
    ]
    return pd.DataFrame(trials), pd.DataFrame(curves)


SAME = {f"t{i}": [0.1 * i, 0.1 * i, 0.2 * i] for i in range(5)}


def test_equal_and_opposite_ranks() -> None:
    mixed = {f"t{i}": [0.1 * i, -0.1 * i, 0.2 * i] for i in range(5)}
    found = rank_agreement(*frames(mixed), METRIC, (1, 2))
    assert found["epoch"].tolist() == [1, 2]
    assert found["n"].tolist() == [5, 5]
    assert found["tau"].tolist() == pytest.approx([1.0, -1.0])


def test_one_pair_in_ten_that_changes_places_costs_a_fifth() -> None:
    swapped = SAME | {"t3": [0.45, 0.3, 0.6]}
    (tau,) = rank_agreement(*frames(swapped), METRIC, (1,))["tau"]
    assert tau == pytest.approx(0.8)


def test_only_trials_that_ran_to_their_end_count_and_each_once() -> None:
    trials, curves = frames(SAME | {"x": [9.0, 0.0, 0.0]}, x="stopped")
    again = trials.assign(role="ablation")
    found = rank_agreement(pd.concat([trials, trials, again]), curves, METRIC, (1,))
    assert found["n"].tolist() == [5]
    assert found["tau"].tolist() == pytest.approx([1.0])


def test_the_full_budget_is_at_the_epoch_of_the_selection_rule() -> None:
    trials, curves = frames(SAME)
    trials[METRIC] = -trials[METRIC]
    assert rank_agreement(trials, curves, METRIC, (1,))["tau"].tolist() == pytest.approx([-1.0])


def test_few_trials_or_equal_ones_leave_it_undecided() -> None:
    few = {name: SAME[name] for name in ("t0", "t1", "t2", "t3")}
    equal = {name: [0.5, *rest] for name, (_, *rest) in SAME.items()}
    unmeasured = {name: [math.nan, *rest] for name, (_, *rest) in SAME.items()}
    for values, n in ((few, 4), (equal, 5), (unmeasured, 0)):
        found = rank_agreement(*frames(values), METRIC, (1,))
        assert found["n"].tolist() == [n]
        assert found["tau"].isna().all()
        assert f"undecided after epoch 1 (n = {n})" in agreement_lines(found, halved=True)[0]


def test_it_is_said_in_two_lines_with_its_bias() -> None:
    found = rank_agreement(*frames(SAME), METRIC, (1, 2))
    line, bias = agreement_lines(found, halved=True)
    assert line.endswith("(Kendall's tau): 1.00 after epoch 1 (n = 5), 1.00 after epoch 2 (n = 5)")
    assert "Only trials that were not stopped are in it" in bias
    assert "No trial was stopped" in agreement_lines(found, halved=False)[1]
    assert agreement_lines(rank_agreement(*frames(SAME), METRIC, ()), halved=True) == []

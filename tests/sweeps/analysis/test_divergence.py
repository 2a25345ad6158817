import math

import pandas as pd
import pytest

from sweeps.analysis.divergence import divergence_p
from sweeps.analysis.table import Table, ablation_table
from tests.sweeps.analysis import frames


def table(diverged: int, status: str = "diverged") -> Table:
    levels = {name: [0.7, 0.72, 0.74, 0.71, 0.73] for name in ("relu", "tanh", "elu")}
    levels["elu"] = [0.71, 0.72, 0.75, 0.70, 0.74]
    trials = frames.trials({"activation": levels})
    for seed in range(10, 10 + diverged):
        trials = frames.blank(trials, "tanh", seed, status)
    return ablation_table(trials, frames.CONTEXT)


def test_fisher_counts_the_tables_that_are_as_unlikely() -> None:
    assert divergence_p(5, 5, 0, 5) == pytest.approx(2 / 252)
    assert divergence_p(1, 5, 0, 5) == pytest.approx(1.0)
    assert math.isnan(divergence_p(0, 5, 0, 5))
    assert math.isnan(divergence_p(1, 1, 0, 0))


def test_rates_are_compared_with_the_baselines_over_all_comparisons() -> None:
    found = table(5)
    tanh = found.frame.set_index("level").loc["tanh"]
    assert (tanh["diverged"], tanh["ended"]) == (5, 5)
    assert tanh["p_diverged"] == pytest.approx(2 * 2 / 252)
    assert found.frame["p_diverged"].isna().sum() == 2
    (note,) = [note for note in found.footnotes if note.startswith("Diverged")]
    assert "activation=tanh 5 of 5 (p = 0.016)" in note


def test_a_baseline_that_diverges_is_told_too() -> None:
    trials = frames.blank(frames.small(), "relu", 11, "diverged")
    found = ablation_table(trials, frames.CONTEXT)
    assert any("activation=relu 1 of 3. p:" in note for note in found.footnotes)
    assert found.frame["p_diverged"].notna().sum() == 2


def test_what_did_not_diverge_is_no_divergence() -> None:
    found = table(2, "failed")
    assert found.frame["ended"].to_list() == [5, 3, 5]
    assert not any(note.startswith("Diverged") for note in found.footnotes)
    assert pd.isna(found.frame["p_diverged"]).all()

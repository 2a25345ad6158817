"""Tables of studies whose levels stop at different looks."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from sweeps.analysis.captions import TableContext
from sweeps.analysis.rendering import render
from sweeps.analysis.report.answer import answer
from sweeps.analysis.sequential import stopped_p
from sweeps.analysis.significance import compare
from sweeps.analysis.table import Table, ablation_table
from tests.sweeps.analysis import frames

LOOKS = (4, 6, 8)
CONTEXT = replace(frames.CONTEXT, looks=LOOKS)
BASE = 0.7 + 0.02 * np.sin(np.arange(8))
NOISE = np.array([0.011, -0.006, 0.004, -0.009, 0.002, -0.002, 0.006, -0.006])


def cells(far: int = 6, near: int = 8) -> pd.DataFrame:
    """Make a level that is found after 6 seeds, and one that is not after 8."""
    levels = {
        "base": BASE[: max(far, near)].tolist(),
        "far": (BASE - 0.03 + NOISE)[:far].tolist(),
        "near": (BASE + np.roll(NOISE, 1))[:near].tolist(),
    }
    return frames.trials({"activation": levels}, first_seed=0)


def table(trials: pd.DataFrame, context: TableContext = CONTEXT) -> Table:
    return ablation_table(trials, context)


def row(found: Table, level: str) -> "pd.Series[float]":
    return found.frame.set_index("level").loc[level]


def test_each_level_is_compared_over_its_own_seeds_on_validation_images() -> None:
    found = table(cells())
    assert found.split == "validation"
    assert found.frame["seeds"].to_list() == [8, 6, 8]
    assert found.frame["pairs"].to_list()[1:] == [6, 8]
    far = row(found, "far")
    plain = compare(pd.Series(BASE[:6] - 0.03 + NOISE[:6]), pd.Series(BASE[:6]))
    assert far["difference"] == pytest.approx(plain.difference)
    assert far["p"] == pytest.approx(float(stopped_p(np.array(plain.p), 6, LOOKS)))
    assert far["low"] < plain.low < plain.high < far["high"] < 0
    assert far["p_holm"] == pytest.approx(2 * far["p"])
    assert far["resolved"]
    assert far["status"] == "finished"
    assert not found.interim


def test_intervals_of_means_are_those_of_the_look_too() -> None:
    once, often = (
        found.frame["mean_high"] - found.frame["mean_low"]
        for found in (table(cells(6, 6), frames.CONTEXT), table(cells(6, 6)))
    )
    assert (often / once > 1.2).all()


def test_the_last_look_says_what_can_be_found() -> None:
    once, often = table(cells(8), frames.CONTEXT), table(cells(6))
    ratio = row(often, "near")["detectable"] / row(once, "near")["detectable"]
    assert 1.0 < ratio < 1.1
    six = table(cells(6, 6), frames.CONTEXT)
    assert row(often, "far")["detectable"] < 0.9 * row(six, "far")["detectable"]


def test_levels_rank_by_difference_and_none_is_marked_as_best() -> None:
    trials = cells()
    unlucky = trials["level"].isin(["base", "near"]) & (trials["seed"] >= 6)
    trials.loc[unlucky, "validation/accuracy"] -= 0.5
    found = table(trials)
    assert row(found, "far")["validation_mean"] > row(found, "base")["validation_mean"]
    assert row(found, "far")["rank"] == 3
    assert found.frame["best"].isna().all()


def test_the_caption_says_the_rule_the_looks_and_who_was_decided_where() -> None:
    text = table(cells()).caption
    assert "over 6 to 8 seeds" in text
    assert "looks after 4, 6 and 8 seeds" in text
    assert "about 0.05 over all looks for normally distributed differences, spent" in text
    assert "two-sided 0.0031, 0.018, 0.044 at the looks" in text
    assert "Decided: activation=far after 6 seeds (look 2)" in text
    assert "95 % repeated t interval" in text
    assert "8 seeds find a difference in 80 % of studies (one t test at the last look" in text
    assert "or found equal" not in text
    margin = table(cells(), replace(CONTEXT, margin=1.0)).caption
    assert "or found equal to it" in margin
    assert "one for differences and one for equality" in margin


def test_a_level_equal_within_the_margin_is_decided() -> None:
    found = table(cells(6, 6), replace(CONTEXT, margin=3.0))
    assert row(found, "near")["equal"]
    assert not found.interim
    assert "activation=far, activation=near after 6 seeds (look 2)" in found.caption
    assert "Equal within ±3" in answer(found)[1]


def test_between_two_looks_a_table_is_interim() -> None:
    open_still = table(cells(6, 6))
    assert open_still.interim
    assert open_still.caption.startswith("INTERIM: 2 levels go on to the next look.")
    training = table(frames.blank(cells(), "near", 7, "running"))
    assert training.caption.startswith("INTERIM: a look is not over, 1 of its trials")
    assert np.isnan(row(training, "near")["low"])


def test_a_level_without_a_seed_has_no_verdict_and_the_table_is_not_interim() -> None:
    found = table(frames.blank(cells(near=4), "near", 2, "diverged"))
    assert not found.interim
    assert row(found, "near")["status"] == "1 diverged"
    assert np.isnan(row(found, "near")["p"])
    assert row(found, "far")["resolved"]


@pytest.mark.parametrize("style", ["md", "csv", "tex", "html", "rich"])
def test_every_format_shows_it(style: str) -> None:
    assert "far" in render(table(cells()), style)

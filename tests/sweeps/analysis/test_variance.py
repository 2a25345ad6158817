"""Variance by source: spreads with their intervals, and no comparison of means."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from sweeps.analysis.plot.spreads import spread_plot, spread_rows
from sweeps.analysis.rendering import FORMATS, render
from sweeps.analysis.rendering.layout import lay_out
from sweeps.analysis.report.answer import answer
from sweeps.analysis.table import Table, ablation_table
from sweeps.analysis.variance import add_spread, ordered
from tests.sweeps.analysis import frames

CONTEXT = replace(frames.CONTEXT, by_source=True)
TRIALS = frames.trials(
    {
        "source": {
            "all": [0.60, 0.70, 0.80, 0.70, 0.70],
            "split": [0.70, 0.71, 0.72, 0.70, 0.71],
            "initialisation": [0.65, 0.75, 0.70, 0.70, 0.70],
            "none": [0.71] * 5,
        }
    }
)


def table(trials: pd.DataFrame = TRIALS) -> Table:
    return ablation_table(trials, CONTEXT)


def test_spreads_have_the_chi_square_interval_and_their_share() -> None:
    rows = table().frame.set_index("level")
    # sd 0.0707107; chi-square with 4 degrees of freedom: 0.484419 and 11.1433 (tables)
    assert rows.loc["all", "test_sd"] == pytest.approx(0.0707107, rel=1e-5)
    assert rows.loc["all", "sd_low"] == pytest.approx(0.0707107 * np.sqrt(4 / 11.1433), rel=1e-4)
    assert rows.loc["all", "sd_high"] == pytest.approx(0.0707107 * np.sqrt(4 / 0.484419), rel=1e-4)
    assert rows["share"].to_dict() == pytest.approx(
        {"all": 1.0, "split": 0.014, "initialisation": 0.25, "none": 0.0}
    )


def test_without_spread_there_is_no_interval_and_no_word_of_copies() -> None:
    trials = TRIALS.assign(**{"train/loss": 0.5})
    rows = table(trials).frame.set_index("level")
    assert rows.loc["none", ["sd_low", "sd_high"]].isna().all()
    assert not any("is one a copy" in note for note in table(trials).footnotes)
    compared = ablation_table(trials, frames.CONTEXT)
    assert any("is one a copy" in note for note in compared.footnotes)


def test_a_level_without_all_its_seeds_has_neither_interval_nor_share() -> None:
    first = int(TRIALS["seed"].min())
    rows = table(frames.blank(TRIALS, "split", first, "failed")).frame.set_index("level")
    assert rows.loc["split", ["sd_low", "sd_high", "share"]].isna().all()
    assert rows.loc["initialisation", "share"] == pytest.approx(0.25)
    without = table(frames.blank(TRIALS, "all", first, "failed")).frame
    assert without["share"].isna().all()


def test_means_are_not_compared() -> None:
    made = table()
    for column in ("difference", "p", "p_holm", "p_flip", "resolved", "rank", "best", "detectable"):
        assert made.frame[column].isna().all(), column
    heads = [column.head for column in lay_out(made).columns]
    assert heads[3:7] == ["test (%)", "sd test (points)", "95 % interval", "share (%)"]
    assert not {"rank", "resolved", "p (Holm)"} & set(heads)
    assert "same difference at every seed" not in " ".join(made.footnotes)


@pytest.mark.parametrize("style", FORMATS)
def test_every_format_shows_spreads_and_says_how(style: str) -> None:
    text = " ".join(render(table(), style).split())
    if style == "csv":
        assert ",sd_low,sd_high,share" in text
        return
    assert "chi-square interval" in text
    assert "Bouthillier et al. 2021" in text
    assert "paired t test" not in text
    assert "4.24, 20.32" in text


def test_the_answer_names_the_largest_source_first() -> None:
    first, second = answer(table())
    assert first == (
        "With all sources varying, test accuracy has a standard deviation of 7.07 points over "
        "5 seeds (4.24 to 20.32)."
    )
    assert second == (
        "Each alone: initialisation 3.54 (2.12 to 10.16), split 0.84 (0.50 to 2.40), none 0.00."
    )
    assert answer(table(TRIALS.assign(status="running")))[0].startswith("INTERIM")


def test_the_figure_shows_all_first_and_the_others_by_size() -> None:
    rows = spread_rows(table())
    assert rows["level"].to_list() == ["all", "initialisation", "split", "none"]
    assert rows["sd"].to_list() == pytest.approx([7.07107, 3.53553, 0.83666, 0.0], abs=1e-4)
    assert [tick.get_text() for tick in spread_plot(table()).axes[0].get_yticklabels()] == [
        *rows["level"]
    ]
    assert not spread_plot(table(TRIALS.assign(status="failed"))).axes


def test_the_interval_covers_what_it_says_of_normal_values() -> None:
    values = np.random.default_rng(0).normal(0.7, 0.02, (4000, 5))
    frame = pd.DataFrame(
        {
            "factor": np.arange(4000),
            "baseline": True,
            "completed": 5,
            "seeds": 5,
            "test_mean": values.mean(1),
            "test_sd": values.std(1, ddof=1),
        }
    )
    add_spread(frame, "test")
    covered = ((frame["sd_low"] < 0.02) & (frame["sd_high"] > 0.02)).mean()
    assert covered == pytest.approx(0.95, abs=0.012)
    assert ordered(frame).empty

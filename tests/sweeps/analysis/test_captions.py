from dataclasses import replace

import numpy as np
import pytest

from sweeps.analysis.significance import equivalence
from sweeps.analysis.table import Table, ablation_table
from tests.sweeps.analysis import frames


def test_a_caption_states_all_that_one_needs_to_read_the_numbers() -> None:
    caption = ablation_table(frames.small(), frames.CONTEXT).caption
    for part in (
        "Accuracy in %: mean ± standard deviation over 3 seeds, 10 epochs a trial.",
        "in points on test, paired by seed, with its 95 % t interval.",
        "paired t test (takes differences to be normal), Holm-adjusted over the study's 2 compari",
        "Unresolved is not equal: no margin was stated.",
        "*: the best of its factor, and all not distinguishable from it",
        "3 seeds find a difference in 80 % of studies (one t test, not adjusted) if it is at least "
        "3.26 points.",
        f"{frames.CONTEXT.selection_rule}.",
        f"{frames.CONTEXT.split}.",
        f"{frames.CONTEXT.varied}.",
    ):
        assert part in caption
    assert "INTERIM" not in caption


def test_the_direction_of_a_loss_is_stated() -> None:
    table = ablation_table(frames.small(), frames.CONTEXT, "loss")
    assert table.caption.startswith("Loss (lower is better): mean")
    assert "difference to the baseline on test" in table.caption


def test_a_clean_table_has_no_footnotes() -> None:
    trials = frames.trials({"activation": {"relu": [0.70, 0.72, 0.74], "tanh": [0.71, 0.7, 0.74]}})
    assert ablation_table(trials, frames.CONTEXT).footnotes == ()


def stated(margin: float) -> Table:
    levels = {"relu": [0.70, 0.72, 0.74], "same": [0.7001, 0.7202, 0.7400], "elu": [0.8, 0.7, 0.9]}
    context = replace(frames.CONTEXT, margin=margin)
    return ablation_table(frames.trials({"activation": levels}), context)


def test_a_stated_margin_tells_what_is_equal_and_what_it_would_take() -> None:
    table = stated(0.5)
    assert table.frame["equal"].to_list()[1:] == [True, False]
    alone = equivalence(np.array([0.0001, 0.0002, 0.0]), 0.005)
    assert table.frame["p_equal"][1] == pytest.approx(2 * float(alone)), "Holm of two"
    assert "Equal within ±0.5 points: two one-sided paired t tests, Holm-adj" in table.caption
    assert (
        "; to find one of 0.5 points so (not to show equality) it takes 2 to 2,640 seeds."
    ) in table.caption
    assert table.caption.count("±0.5") == 1, "needs are not told of equality"
    assert "no margin was stated" not in table.caption


def test_without_a_margin_nothing_is_equal() -> None:
    assert ablation_table(frames.small(), frames.CONTEXT).frame["equal"].isna().all()


def test_a_margin_that_no_number_of_seeds_reaches() -> None:
    assert "it takes more than 9,999 seeds" in stated(0.0001).caption.replace("0.0001", "")


def test_a_footnote_names_a_few_and_counts_the_rest() -> None:
    levels = {f"l{number:02}": [0.7, 0.71] for number in range(40)}
    trials = frames.trials({"a": levels})
    trials.loc[(trials["seed"] == trials["seed"].max()) & ~trials["baseline"], "status"] = "failed"
    (note,) = [
        n
        for n in ablation_table(trials, frames.CONTEXT).footnotes
        if n.startswith("Without all seeds")
    ]
    assert "a=l01 (" in note
    assert "a=l09 (" not in note
    assert "and 31 more." in note

import pytest

from sweeps.analysis.report.answer import MOST, answer
from sweeps.analysis.table import ablation_table
from tests.sweeps.analysis import frames
from tests.sweeps.analysis.report.materials import levels

BASE = [0.70, 0.72, 0.74]


def said(trials: object, metric: str = "accuracy", **context: object) -> tuple[str, str]:
    from dataclasses import replace

    return answer(ablation_table(trials, replace(frames.CONTEXT, **context), metric))  # type: ignore


def test_what_is_resolved_and_what_is_not() -> None:
    found, left = said(levels(relu=BASE, elu=[0.80, 0.821, 0.842], tanh=[0.70, 0.73, 0.73]))
    assert found == (
        "Resolved, adjusted for 2 comparisons: elu is better than relu by 10.10 points of test "
        "accuracy (95 % interval +9.85 to +10.35)."
    )
    assert left == (
        "Not resolved with 3 seeds, which does not mean equal: tanh (\N{MINUS SIGN}2.48 to +2.48)."
    )


def test_of_a_loss_less_is_better() -> None:
    found, _ = said(levels(relu=BASE, elu=[0.80, 0.821, 0.842]), "loss")
    assert "elu is better than relu by 0.1010 of test loss" in found


def test_the_largest_of_many_are_named_and_the_others_counted() -> None:
    many = {f"l{n}": [b - 0.02 * n + 0.0001 * n * s for s, b in enumerate(BASE)] for n in range(6)}
    found, left = said(levels(**many))
    assert found.index("l5 is worse") < found.index("l4 is worse") < found.index("l3 is worse")
    assert found.endswith(f"; and {5 - MOST} more.")
    assert left == "No comparison is left open."


def test_an_interval_alone_is_not_enough() -> None:
    trials = levels(relu=BASE, elu=[0.73, 0.74, 0.78], tanh=[0.70, 0.73, 0.73])
    found, left = said(trials)
    assert found.startswith("None of 2 comparisons with the baseline is resolved")
    assert "resolved by its interval alone, not after adjustment: elu" in left


def test_equal_needs_a_margin() -> None:
    trials = levels(relu=BASE, elu=[0.7001, 0.7199, 0.7402])
    assert "which does not mean equal" in said(trials)[1]
    assert said(trials, margin=1.0)[1] == "Equal within ±1: elu."


def test_a_level_without_all_seeds_has_no_verdict() -> None:
    trials = frames.blank(levels(relu=BASE, elu=[0.80, 0.82, 0.84]), "elu", 12, "diverged")
    found, left = said(trials)
    assert found == "The difference to the baseline is not resolved."
    assert left == "Without a verdict: elu (1 diverged)."


def test_what_is_not_finished_says_so_first() -> None:
    trials = frames.blank(levels(relu=BASE, elu=[0.80, 0.82, 0.84]), "elu", 12, "running")
    assert said(trials)[0].startswith("INTERIM, not all trials are done: ")


def test_several_factors_are_named() -> None:
    trials = frames.trials(
        {"a": {"x": BASE, "y": [0.8, 0.821, 0.842]}, "b": {"w": BASE, "z": BASE}}
    )
    trials.loc[trials["level"] == "z", "test/accuracy"] += [0.001, -0.02, 0.01]
    found, left = said(trials)
    assert "a y is better than x by" in found
    assert "b z (" in left


@pytest.mark.parametrize("seeds", [1, 3])
def test_a_single_level_is_what_it_reaches(seeds: int) -> None:
    found, left = said(levels(winner=BASE[:seeds]))
    assert found.startswith(f"winner reaches {'72.00 ± 2.00' if seeds == 3 else '70.00'} % test")
    assert left == "Nothing is compared with it."

import math

import pandas as pd
import pytest

from search_spaces.claims import Alike, Best, Diverges, Interval, Ordering, Reaches
from sweeps.analysis.claims import TrialOutcomes, judge
from tests.sweeps.analysis.frames import blank, small, trials

HALF = 4.302653 * 0.01 / math.sqrt(3)
"""Half an interval of three pairs whose differences are a point apart: t(0.975, 2) sd / sqrt(3)."""


def better(frame: pd.DataFrame, level: str, other: str, measure: str = "accuracy") -> Interval:
    return TrialOutcomes(frame).better("activation", level, other, measure)


def about(interval: Interval) -> tuple[object, ...]:
    return tuple(None if end is None else pytest.approx(end, abs=1e-8) for end in interval)


def test_levels_are_compared_in_pairs_of_seeds() -> None:
    expected = Interval(0.03, 0.03 - HALF, 0.03 + HALF)
    assert better(small(), "leaky_relu", "relu") == about(expected)
    assert better(small().iloc[::-1], "leaky_relu", "relu") == about(expected)


def test_better_turns_round_with_the_levels_and_with_the_direction() -> None:
    turned = Interval(-0.03, -0.03 - HALF, -0.03 + HALF)
    assert better(small(), "relu", "leaky_relu") == about(turned)
    assert better(small(), "leaky_relu", "relu", "loss") == about(
        Interval(0.03, 0.03 - HALF, 0.03 + HALF)
    )


def test_less_time_is_better() -> None:
    frame = small()
    frame.loc[frame["level"] == "tanh", "seconds"] -= [1.0, 2.0, 3.0]
    assert better(frame, "tanh", "relu", "seconds").mean == pytest.approx(2.0)


def test_without_an_evaluation_on_test_images_validation_counts() -> None:
    frame = small()
    frame["validation/accuracy"] = frame["test/accuracy"] * 2
    assert better(frame, "leaky_relu", "relu").mean == pytest.approx(0.03)
    frame["test/accuracy"] = math.nan
    assert better(frame, "leaky_relu", "relu").mean == pytest.approx(0.06)


def test_a_missing_seed_leaves_a_difference_without_an_interval() -> None:
    frame = blank(small(), "leaky_relu", 12, "diverged")
    assert better(frame, "leaky_relu", "relu") == (pytest.approx(0.025), None, None)
    assert better(frame, "tanh", "relu").low is not None
    assert better(small(), "leaky_relu", "none") == (None, None, None)


def test_a_mean_has_its_t_interval() -> None:
    found = TrialOutcomes(small()).value("activation", "relu", "accuracy")
    assert found == about(Interval(0.72, 0.72 - 2 * HALF, 0.72 + 2 * HALF))


def test_only_trials_that_ended_are_counted() -> None:
    frame = blank(blank(small(), "tanh", 10, "diverged"), "tanh", 11, "failed")
    assert TrialOutcomes(frame).diverged("activation", "tanh") == (1, 2)
    assert TrialOutcomes(frame).diverged("activation", "relu") == (0, 3)


CLEAR = trials(
    {
        "activation": {
            "relu": [0.90, 0.91, 0.92],
            "tanh": [0.85, 0.86, 0.871],
            "sigmoid": [0.70, 0.712, 0.721],
        }
    }
)


@pytest.mark.parametrize(
    ("claim", "verdict", "direction"),
    [
        (Ordering(factor="activation", levels=("relu", "tanh", "sigmoid")), "upheld", True),
        (Ordering(factor="activation", levels=("relu", "sigmoid", "tanh")), "refuted", False),
        (Best(factor="activation", level="relu", others=("tanh", "sigmoid")), "upheld", True),
        (Alike(factor="activation", levels=("relu", "tanh"), within=0.01), "refuted", False),
        (Alike(factor="activation", levels=("relu", "tanh"), within=0.2), "upheld", True),
        (Reaches(factor="activation", level="relu", at_least=0.5), "upheld", True),
        (Reaches(factor="activation", level="relu", at_least=0.91), "undecided", True),
        (Diverges(factor="activation", levels=("tanh",)), "refuted", False),
    ],
)
def test_claims_are_judged(claim: Ordering, verdict: str, direction: bool) -> None:
    (judgement,) = judge([claim], CLEAR)
    assert judgement.claim == claim.sentence()
    assert (judgement.verdict, judgement.direction) == (verdict, direction)


def test_an_order_is_undecided_where_one_comparison_is() -> None:
    claim = Ordering(factor="activation", levels=("leaky_relu", "relu", "tanh"))
    (judgement,) = judge([claim], small())
    assert judgement.verdict == "undecided"
    assert [found.verdict for found in judgement.findings] == ["upheld", "undecided"]
    first = judgement.findings[0]
    assert (first.text, first.measure) == ("leaky_relu > relu", "accuracy")
    assert (first.mean, first.low, first.high) == (
        pytest.approx(0.03), pytest.approx(0.03 - HALF), pytest.approx(0.03 + HALF),
    )  # fmt: skip


def test_a_number_reached_is_found_as_what_is_above_it() -> None:
    (judgement,) = judge([Reaches(factor="activation", level="relu", at_least=0.9)], CLEAR)
    assert judgement.findings[0].mean == pytest.approx(0.01)


@pytest.mark.parametrize("status", ["missing", "failed", "out_of_memory", "running"])
def test_nothing_is_decided_before_each_trial_has_ended(status: str) -> None:
    claim = Diverges(factor="activation", levels=("tanh",), others=("relu",))
    diverged = CLEAR
    for seed in (10, 11, 12):
        diverged = blank(diverged, "tanh", seed, "diverged")
    assert judge([claim], diverged)[0].verdict == "upheld"
    (judgement,) = judge([claim], blank(diverged, "tanh", 12, status))
    assert judgement.verdict == "undecided"
    assert judgement.direction


def test_trials_of_the_search_do_not_count() -> None:
    searched = CLEAR.assign(role="search", **{"test/accuracy": 0.1})
    claim = Ordering(factor="activation", levels=("relu", "tanh"))
    assert judge([claim], pd.concat([searched, CLEAR])) == judge([claim], CLEAR)


def test_what_is_unknown_has_no_direction() -> None:
    frame = CLEAR[CLEAR["level"] != "sigmoid"]
    (judgement,) = judge([Ordering(factor="activation", levels=("tanh", "sigmoid"))], frame)
    assert (judgement.verdict, judgement.direction) == ("undecided", None)

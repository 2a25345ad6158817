"""What a search will spend, and in which time its workers wait."""

from typing import Any

import pytest

from search_spaces import Search, choice
from search_spaces.study import Study
from sweeps.execution.search_forecast import Rung, notes, spending
from tests.sweeps.execution.specs import BASE, study

RATES = choice(0.05, 0.1, 0.2)


def search(**changes: Any) -> Search:
    return Search(**{"space": {"optimizer.lr": RATES}, "trials": 18, "scheduler": "halving",
                     "cohort": 9} | changes)  # fmt: skip


def test_one_in_so_many_goes_on_at_each_rung() -> None:
    asynchronous = spending(search(scheduler="asha", trials=27), 9, slots=4)
    assert asynchronous.epochs == 27 * 1 + 9 * 2 + 3 * 6
    assert asynchronous.rungs == [Rung(1, 9.0), Rung(3, 3.0)]
    assert asynchronous.idle is None
    assert spending(search(scheduler="none"), 9, slots=4).epochs == 18 * 9


def test_cohorts_are_followed_from_rung_to_rung() -> None:
    """9 trials on 3 slots: 3 rounds of 1 epoch, 1 of 2, then one trial alone for 6."""
    found = spending(search(), 9, slots=3)
    assert found.epochs == 2 * (9 * 1 + 3 * 2 + 1 * 6)
    assert found.rungs == [Rung(1, 6), Rung(3, 2)]
    assert found.idle == pytest.approx(1 - 21 / (3 * (3 + 2 + 6)))


def test_the_last_cohort_may_be_smaller_and_one_always_goes_on() -> None:
    found = spending(search(trials=11), 9, slots=1)
    assert found.rungs == [Rung(1, 3 + 1), Rung(3, 1 + 1)]
    assert found.epochs == 21 + (2 * 1 + 1 * 2 + 1 * 6)
    assert found.idle == 0


def test_slots_beyond_the_cohort_wait_all_the_time() -> None:
    alone = search(scheduler="none", cohort=4, trials=8)
    assert spending(alone, 9, slots=8, deterministic=True).idle == pytest.approx(0.5)
    assert spending(alone, 9, slots=8).idle is None


def told(deterministic: bool = False, idle: float | None = None, **changes: Any) -> list[str]:
    asked: Study = study(search=search(**changes), costs=("flops",))
    return notes(asked, idle, 4, deterministic=deterministic)


def test_a_reader_is_told_what_numbers_do_not_say() -> None:
    assert told(scheduler="asha") == ["begins with the base recipe"]
    points = ({"optimizer.lr": 0.1}, {"optimizer.lr": 0.2})
    assert told(scheduler="asha", points=points[:1], baseline_first=False) == [
        "begins with 1 given point"
    ]
    grid = told(scheduler="asha", sampler="grid", trials=2, points=points)
    assert grid == [
        "takes 2 of the grid's 3 points",
        "begins with the base recipe and 2 given points",
    ]
    aims = told(scheduler="none", objectives=("accuracy", "flops"), baseline_first=False)
    assert "aims at accuracy, flops together: no trial is stopped early" in aims[0]
    assert "of the Pareto front the best by accuracy are selected" in aims[0]


def test_the_price_of_waiting_is_one_line() -> None:
    line = "goes in cohorts of 9, each asked for when the last has ended"
    assert told(idle=0.364)[-1] == f"{line}; so 4 slots wait about 36 % of the time"
    assert told(scheduler="none", deterministic=True)[-1] == line
    assert line not in told(scheduler="none")


def test_a_base_recipe_that_is_not_tried_is_told_of() -> None:
    outside = study(base=BASE.replace({"optimizer.lr": 0.3}), search=search(scheduler="asha"))
    said = notes(outside, None, 4, deterministic=False)
    assert said == ["does not try the base recipe, which lies outside the space"]

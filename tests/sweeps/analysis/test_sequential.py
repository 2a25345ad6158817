import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from sweeps.analysis.sequential import (
    Looks,
    compare_at_look,
    confidence,
    going_on,
    nominal_levels,
    seeds_of,
    stopped_p,
)
from sweeps.analysis.significance import ALPHA, compare
from sweeps.analysis.table import ablation_table
from tests.sweeps.analysis import frames

LOOKS: Looks = (4, 6, 8)
Z = {
    (1, 2): (2.9626, 1.9686),
    (1, 2, 3): (3.7103, 2.5114, 1.9930),
    (1, 2, 3, 4): (4.3326, 2.9631, 2.3590, 2.0141),
}
"""Published bounds at 0.05: Reboussin et al. 2000 (Control. Clin. Trials 21), `ldbounds`."""


@pytest.mark.parametrize("looks", Z)
def test_bounds_are_those_of_published_tables(looks: Looks) -> None:
    found = stats.norm.isf(np.array(nominal_levels(looks)) / 2)
    assert found == pytest.approx(Z[looks], abs=6e-5)


def test_levels_depend_on_shares_of_the_seeds_only() -> None:
    assert nominal_levels((5, 10, 15, 20)) == pytest.approx(nominal_levels((1, 2, 3, 4)))


@pytest.mark.parametrize("sides", [1, 2])
@pytest.mark.parametrize("alpha", [0.05, 0.2])
def test_all_looks_together_spend_the_level(sides: int, alpha: float) -> None:
    looks = (3, 4, 7, 10)
    rng = np.random.default_rng(0)
    sums = rng.normal(size=(200_000, looks[-1])).cumsum(-1)[:, np.array(looks) - 1]
    z = sums / np.sqrt(looks)
    levels = nominal_levels(looks, alpha, sides)
    p = sides * stats.norm.sf(np.abs(z) if sides == 2 else z)
    rate = float((p <= levels).any(-1).mean())
    assert rate == pytest.approx(alpha, abs=4 * math.sqrt(alpha * (1 - alpha) / len(z)))


@pytest.mark.parametrize("sides", [1, 2])
@pytest.mark.parametrize("look", range(3))
def test_a_p_value_is_the_smallest_level_at_which_its_look_finds(sides: int, look: int) -> None:
    for alpha in (1e-6, 0.05 / 7, 0.05, 0.4):
        level = nominal_levels(LOOKS, alpha, sides)[look]
        found = stopped_p(np.array([level, math.nan]), LOOKS[look], LOOKS, sides)
        assert found[0] == pytest.approx(alpha, rel=1e-5)
        assert math.isnan(found[1])


def test_p_values_beyond_the_table_stay_in_its_range() -> None:
    found = stopped_p(np.array([0.0, 1e-300, 1.0]), 4, LOOKS)
    assert (found[:2] < 1e-9).all()
    assert 0.99 < found[2] <= 1.0


def series(values: list[float]) -> "pd.Series[float]":
    return pd.Series(values, index=range(len(values)))


LEVEL = series([0.75, 0.77, 0.76, 0.79, 0.74, 0.78])
BASELINE = series([0.71, 0.72, 0.74, 0.74, 0.71, 0.72])


def test_an_interval_excludes_zero_exactly_where_p_is_below_the_level() -> None:
    first, second = (compare_at_look(LEVEL[:n], BASELINE[:n], n, LOOKS) for n in (4, 6))
    assert first.low < 0 < second.low
    assert first.p > 0.05 > second.p
    plain = compare(LEVEL[:4], BASELINE[:4])
    assert plain.low > 0  # looked at once, it would be found
    assert first.difference == plain.difference


def test_the_interval_of_a_look_has_its_level() -> None:
    low, high = stats.ttest_rel(LEVEL, BASELINE).confidence_interval(confidence(6, LOOKS))
    found = compare_at_look(LEVEL, BASELINE, 6, LOOKS)
    assert (found.low, found.high) == pytest.approx((low, high))
    assert confidence(8, LOOKS) < confidence(6, LOOKS) < confidence(4, LOOKS)


def test_between_two_looks_nothing_is_tested() -> None:
    found = compare_at_look(LEVEL[:5], BASELINE[:5], 6, LOOKS, margin=0.1)
    assert found.pairs == 5
    assert found.difference == pytest.approx(0.0380, abs=1e-4)
    assert math.isnan(found.p)
    assert math.isnan(found.low)
    assert math.isnan(found.p_equal)


def test_a_level_belongs_to_the_look_that_it_has_begun() -> None:
    cells = frames.trials({"a": {"x": [0.1] * 5}})
    assert seeds_of(cells, LOOKS) == 6
    assert seeds_of(cells[cells["seed"] < 14], LOOKS) == 4


NOISE = np.array([0.011, -0.006, 0.004, -0.009, 0.002, -0.002, 0.006, -0.006])
"""Of mean zero after 4, 6 and 8."""


def study(seeds: int = 6, **levels: float) -> pd.DataFrame:
    """Make levels at some distance to their baseline, each with noise of its own."""
    base = 0.7 + 0.02 * np.sin(np.arange(seeds))
    noisy = {
        name: (base + shift + np.roll(NOISE[:seeds], turn)).tolist()
        for turn, (name, shift) in enumerate(levels.items())
    }
    return frames.trials({"a": {"base": base.tolist(), **noisy}})


def names(cells: pd.DataFrame, margin: float | None = None) -> set[str]:
    return {level for _, level in going_on(cells, "test/accuracy", LOOKS, margin)}


def test_what_is_found_gets_no_more_and_its_baseline_goes_on_with_the_others() -> None:
    assert names(study(near=0.0, far=0.1)) == {"base", "near"}
    assert names(study(far=0.1)) == set()


def test_holm_asks_more_of_one_among_many_and_hands_on_what_a_found_one_had() -> None:
    edge = 0.012
    assert names(study(edge=edge)) == set()
    others = {f"null{number}": 0.0 for number in range(5)}
    assert "edge" in names(study(edge=edge, **others))
    found = {f"far{number}": 0.2 for number in range(5)}
    assert names(study(edge=edge, **found)) == set()


def test_equal_within_the_margin_ends_it_too_but_only_where_one_is_stated() -> None:
    assert names(study(near=0.0)) == {"base", "near"}
    assert names(study(near=0.0), margin=0.03) == set()
    assert names(study(near=0.0), margin=0.005) == {"base", "near"}


def test_nothing_goes_on_after_the_last_look() -> None:
    assert names(study(seeds=8, near=0.0)) == set()


@pytest.mark.parametrize("status", ["diverged", "failed", "out_of_memory", "timed_out"])
def test_a_level_without_a_seed_is_not_decided_and_gets_no_more(status: str) -> None:
    cells = frames.blank(study(near=0.0, other=0.0), "near", 12, status)
    assert names(cells) == {"base", "other"}


@pytest.mark.parametrize("edge", [0.0105, 0.0115, 0.0125])
def test_a_level_that_lacks_as_many_as_an_earlier_look_has_frees_nothing(edge: float) -> None:
    cells = study(edge=edge, far=0.2)
    assert names(cells) == set()
    for seed in (14, 15):
        cells = frames.blank(cells, "far", seed, "diverged")
    found = ablation_table(cells, replace(frames.CONTEXT, looks=LOOKS)).frame.set_index("level")
    assert math.isnan(found["p"]["far"])
    assert found["p_holm"]["edge"] > ALPHA
    assert names(cells) == {"base", "edge"}


def test_without_a_seed_of_the_baseline_nothing_can_be_decided() -> None:
    assert names(frames.blank(study(near=0.0), "base", 12, "diverged")) == set()


def test_factors_end_by_themselves_and_are_one_family() -> None:
    first = study(near=0.0)
    second = study(far=0.1).assign(factor="b")
    cells = pd.concat([first, second])
    assert going_on(cells, "test/accuracy", LOOKS) == {("a", "base"), ("a", "near")}

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.weightstats import ttost_paired

from sweeps.analysis.significance import (
    compare,
    effect_size,
    equivalence,
    holm,
    least_sign_flip,
    sign_flip,
)


def by_seed(*values: float) -> "pd.Series[float]":
    return pd.Series(values, index=range(10, 10 + len(values)), dtype=float)


def test_paired_comparison_equals_the_numbers_worked_out_by_hand() -> None:
    result = compare(by_seed(0.73, 0.74, 0.78), by_seed(0.70, 0.72, 0.74))
    # Differences 0.03, 0.02, 0.04: mean 0.03, sd 0.01; t(0.975, df=2) = 4.302653. For two degrees
    # of freedom p = 1 - t / sqrt(t^2 + 2) with t = 3 sqrt(3).
    half = 4.302653 * 0.01 / math.sqrt(3)
    assert result.pairs == 3
    assert result.difference == pytest.approx(0.03)
    assert (result.low, result.high) == pytest.approx((0.03 - half, 0.03 + half), abs=1e-8)
    assert result.p == pytest.approx(1 - math.sqrt(27 / 29))


def test_seeds_are_matched_by_name_and_not_by_position() -> None:
    baseline = by_seed(0.70, 0.72, 0.74)
    level = by_seed(0.73, 0.74, 0.78)
    assert compare(level.iloc[::-1], baseline) == compare(level, baseline)


def test_a_hole_on_either_side_drops_the_pair() -> None:
    result = compare(by_seed(0.73, math.nan, 0.78), by_seed(0.70, 0.72))
    assert result.pairs == 1
    assert result.difference == pytest.approx(0.03)


@pytest.mark.parametrize("pairs", [0, 1])
def test_fewer_than_two_pairs_have_no_interval(pairs: int) -> None:
    result = compare(by_seed(*[0.5] * pairs), by_seed(*[0.4] * pairs))
    assert result.pairs == pairs
    assert np.isnan([result.low, result.high, result.p]).all()


@pytest.mark.parametrize("shift", [0.0, 0.1])
def test_equal_differences_claim_nothing(shift: float) -> None:
    baseline = by_seed(0.7, 0.72, 0.75)
    result = compare(baseline + shift, baseline)
    assert result.difference == pytest.approx(shift)
    assert np.isnan([result.low, result.high, result.p]).all()


def test_a_duplicated_seed_is_refused() -> None:
    twice = pd.Series([0.7, 0.8], index=[10, 10])
    with pytest.raises(ValueError, match="a seed occurs twice"):
        compare(twice, by_seed(0.7, 0.8))


def test_holm_multiplies_by_the_remaining_and_never_decreases() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])


def test_a_hole_still_counts_in_the_family() -> None:
    adjusted = holm([0.01, math.nan, 0.04])
    assert adjusted == pytest.approx([0.03, math.nan, 0.08], nan_ok=True)


def test_holm_of_nothing() -> None:
    assert holm([]).size == 0
    assert np.isnan(holm([math.nan])).all()


def test_the_sign_flip_test_counts_the_assignments_that_are_as_extreme() -> None:
    # Sums of +-1 +-2 +-4: all but the two in which all signs agree are smaller than 7.
    assert sign_flip(np.array([1.0, 2.0, 4.0])) == pytest.approx(2 / 8)
    assert sign_flip(np.array([1.0, 2.0, -4.0])) == pytest.approx(8 / 8)
    assert sign_flip(np.array([3.0, 2.0, -4.0])) == pytest.approx(8 / 8)


@pytest.mark.parametrize(("pairs", "least"), [(3, 0.25), (5, 0.0625), (6, 0.03125), (10, 2**-9)])
def test_no_sign_flip_can_be_less_likely_than_all_signs_alike(pairs: int, least: float) -> None:
    assert least_sign_flip(pairs) == least


def test_beyond_enumeration_signs_are_drawn_and_equal_calls_agree() -> None:
    many = np.random.default_rng(3).normal(0.3, 1.0, 25)
    assert sign_flip(many) == sign_flip(many)
    assert sign_flip(many) == pytest.approx(float(stats.ttest_1samp(many, 0).pvalue), abs=0.02)


def test_an_effect_is_standardised_by_the_pairs_and_corrected_for_few() -> None:
    # mean 0.03, sd 0.01: 3, times gamma(1) / (sqrt(1) gamma(1/2)), Hedges' exact factor.
    assert effect_size(np.array([0.03, 0.02, 0.04])) == pytest.approx(3 / math.sqrt(math.pi))
    assert math.isnan(effect_size(np.array([0.03, 0.02])))


def test_equivalence_is_two_one_sided_tests() -> None:
    level, baseline = np.array([0.731, 0.742, 0.779]), np.array([0.73, 0.743, 0.78])
    expected = ttost_paired(level, baseline, -0.01, 0.01)[0]
    assert equivalence(level - baseline, 0.01) == pytest.approx(expected)
    near = compare(by_seed(*level), by_seed(*baseline), margin=0.01)
    assert near.p_equal == pytest.approx(expected)
    assert near.p_equal < 0.05 < compare(by_seed(*level), by_seed(*baseline), margin=0.001).p_equal
    assert math.isnan(compare(by_seed(*level), by_seed(*baseline)).p_equal)

import math

import numpy as np
import pytest
from scipy import stats

from sweeps.analysis.intervals import mean_interval, mean_intervals


def test_few_values_have_students_interval() -> None:
    half = 4.302653 * 0.02 / math.sqrt(3)
    assert mean_interval(np.array([0.70, 0.72, 0.74])) == pytest.approx(
        (0.72 - half, 0.72 + half), abs=1e-8
    )


def test_many_values_have_it_too() -> None:
    skewed = stats.expon.rvs(size=20, random_state=np.random.default_rng(0))
    half = 2.093024 * stats.sem(skewed)
    assert mean_interval(skewed) == pytest.approx((skewed.mean() - half, skewed.mean() + half))


@pytest.mark.parametrize("values", [[], [0.7], [0.7, 0.7, 0.7], [0.7, 0.8, math.nan]])
def test_nothing_is_said_without_spread_or_with_a_hole(values: list[float]) -> None:
    assert np.isnan(mean_interval(np.array(values))).all()


def test_many_at_once_are_what_each_is_alone() -> None:
    values = np.random.default_rng(1).normal(size=(3, 5))
    low, high = mean_intervals(values)
    assert [*zip(low, high, strict=True)] == [pytest.approx(mean_interval(row)) for row in values]

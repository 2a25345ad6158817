import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.weightstats import ttost_ind

from benchmarks.harness.equivalence import equivalence, pooled_deviation, runs_needed


def draws(mean: float, count: int, seed: int, deviation: float = 0.4) -> list[float]:
    drawn: list[float] = np.random.default_rng(seed).normal(mean, deviation, count).tolist()
    return drawn


def test_agrees_with_statsmodels() -> None:
    first, second = draws(70.0, 20, 0), draws(70.2, 15, 1, deviation=0.6)
    found = equivalence(first, second, margin=0.5)
    p, _, _ = ttost_ind(first, second, -0.5, 0.5, usevar="unequal")
    assert found.p == pytest.approx(p)
    assert found.difference == pytest.approx(np.mean(first) - np.mean(second))


@pytest.mark.parametrize("distance", [0.0, 0.3, 0.6, 2.0])
def test_shown_is_an_interval_inside_the_margin(distance: float) -> None:
    found = equivalence(draws(70.0, 20, 0), draws(70.0 + distance, 20, 1), margin=0.5)
    assert found.shown == (found.low > -0.5 and found.high < 0.5)
    assert found.shown == (distance < 0.5 and found.p < 0.05)


def test_a_smaller_alpha_asks_for_more() -> None:
    values = draws(70.0, 20, 0), draws(70.25, 20, 1)
    ends = [equivalence(*values, margin=0.5, alpha=alpha).high for alpha in (0.05, 0.025, 0.005)]
    assert ends == sorted(ends)
    p = equivalence(*values, margin=0.5).p
    assert equivalence(*values, margin=0.5, alpha=p * 1.01).shown
    assert not equivalence(*values, margin=0.5, alpha=p * 0.99).shown


def test_noise_shows_nothing() -> None:
    assert not equivalence([70.0, 74.0], [70.0, 74.0], margin=0.5).shown


def test_so_many_runs_have_the_power_asked_for() -> None:
    runs = runs_needed(0.5, margin=0.5)
    assert 22 <= runs <= 24  # 2 (1.645 + 1.645)^2 = 21.6 by the normal approximation
    shown = [
        equivalence(draws(0, runs, 2 * seed, 0.5), draws(0, runs, 2 * seed + 1, 0.5), 0.5).shown
        for seed in range(300)
    ]
    low, high = stats.binomtest(sum(shown), 300).proportion_ci(0.99)
    assert low <= 0.92
    assert high >= 0.9


def test_less_deviation_needs_fewer_runs() -> None:
    needed = [runs_needed(deviation, margin=0.5) for deviation in (0.0, 0.1, 0.3, 1.0)]
    assert needed == sorted(needed)
    assert needed[0] == 2


def test_deviation_is_that_inside_the_groups() -> None:
    assert pooled_deviation([1.0, 3.0], [101.0, 103.0]) == pytest.approx(2**0.5)

import math

import pytest

from sweeps.analysis.power import MOST_SEEDS, detectable, power, seeds_for


def test_what_is_detectable_has_the_power_that_was_asked_for() -> None:
    assert power(detectable(1.0, 5), 5) == pytest.approx(0.8, abs=1e-4)
    # Cohen 1988, table 2.4.1 has 0.66 for n = 20 pairs (one sample) at 80 %.
    assert detectable(2.0, 20) == pytest.approx(2 * 0.66, abs=0.01)


@pytest.mark.parametrize(("difference", "seeds"), [(0.5, 34), (1.0, 10), (2.0, 5)])
def test_so_many_seeds_are_the_fewest(difference: float, seeds: int) -> None:
    assert seeds_for(difference * 3, sd=3.0) == seeds
    assert power(difference, seeds) >= 0.8 > power(difference, seeds - 1)


def test_ends_of_the_scale() -> None:
    assert seeds_for(1.0, sd=1e-9) == 2
    assert seeds_for(1e-9, sd=1.0) == MOST_SEEDS


def test_without_a_spread_nothing_is_known() -> None:
    assert math.isnan(seeds_for(1.0, math.nan))
    assert math.isnan(detectable(math.nan, 5))
    assert math.isnan(detectable(1.0, 1))

import math

import pytest
from scipy import stats

from search_spaces.published import find
from sweeps.analysis.seed_noise import Noise, Recorded, seed_noise
from tests.sweeps.analysis.reproduced import compared

RECORDED = (
    Recorded(what="one", data="cifar10", measure="accuracy", seeds=5, sd={"a": 0.002, "b": 0.004}),
    Recorded(what="two", data="cifar10", measure="accuracy", seeds=5, sd={"c": 0.001}),
)


def test_one_run_an_arm_tells_what_simulated_pairs_of_runs_seldom_reach() -> None:
    noise = Noise(low=1.0, high=2.0, source="known")
    rng = stats.norm(scale=1.0)
    pairs = rng.rvs(size=(2, 40_000), random_state=0)
    low, high = noise.detectable
    assert (abs(pairs[0] - pairs[1]) > low).mean() == pytest.approx(0.05, abs=0.005)
    assert high == pytest.approx(2 * low)


def test_an_estimated_noise_asks_for_more() -> None:
    rng = stats.norm()
    seeds = rng.rvs(size=(3, 40_000), random_state=1).std(axis=0, ddof=1)
    pairs = rng.rvs(size=(2, 40_000), random_state=2)
    unit = Noise(low=1.0, high=1.0, source="three seeds", freedom=2).detectable[0]
    assert (abs(pairs[0] - pairs[1]) > unit * seeds).mean() == pytest.approx(0.05, abs=0.005)


def test_the_nearest_source_counts() -> None:
    result, whole = find("b_activation"), compared()
    ours = seed_noise(result, "cifar10", "accuracy", whole, RECORDED)
    rows = [row for row in whole.rows if row.quantity == "accuracy"]
    assert ours is not None
    assert ours.freedom == sum(row.n - 1 for row in rows)
    assert ours.low == pytest.approx(math.sqrt(sum((row.sd or 0) ** 2 for row in rows) / len(rows)))
    quick = seed_noise(result, "cifar10", "accuracy", compared(budget="quick"), RECORDED)
    assert quick == Noise(low=0.001, high=0.004, source="stand-in")
    assert seed_noise(result, "cifar100", "accuracy", None, RECORDED) is None
    assert seed_noise(result, "cifar10", "seconds", None, RECORDED) is None


def test_seeds_that_a_report_printed_count_for_all_of_it() -> None:
    noise = seed_noise(find("d_batch-size"), "cifar100", "accuracy", None, RECORDED)
    assert noise is not None
    assert (noise.freedom, noise.source) == (2, "the report's 3 seeds")
    assert noise.low == pytest.approx(0.01024, abs=1e-4)

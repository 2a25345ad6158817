import math

import numpy as np
import pandas as pd
import pytest

from sweeps.analysis.power import power
from sweeps.analysis.significance import compare
from sweeps.analysis.simulation import promises
from sweeps.analysis.simulation.page import broken
from sweeps.analysis.simulation.promises import PROMISES, Promise
from sweeps.analysis.simulation.rates import STUDIES, Rate, planted, tried
from sweeps.analysis.simulation.sequences import saved

CHEAP = [one for one in PROMISES if one.levels == promises.LEVELS and 5 in one.seeds]


def named(part: str) -> Promise:
    (promise,) = [promise for promise in PROMISES if part in promise.title]
    return promise


def test_a_rate_is_kept_within_three_standard_errors() -> None:
    error = 3 * math.sqrt(0.05 * 0.95 / 2000)
    assert Rate(0.05 + error - 1e-6, 0.05, 2000).kept
    assert not Rate(0.05 + error + 1e-6, 0.05, 2000).kept
    assert not Rate(0.01, 0.05, 2000).kept
    assert Rate(0.01, 0.05, 2000, at_most=True).kept


@pytest.mark.parametrize("promise", CHEAP, ids=lambda promise: promise.title[:30])
def test_promises_are_kept_at_few_seeds(promise: Promise) -> None:
    studies = 100 if promise.happens is promises.any_is_left_out else 300  # it takes long
    trials = list(tried(studies, [promise], (3, 5)))
    assert broken(trials, []) == []
    assert {trial.world.name for trial in trials if trial.promised} == set(promise.worlds)


def test_planted_differences_are_found_as_theory_says_and_not_never_at_five_seeds() -> None:
    found = list(planted(400, (5,)))
    assert broken([], found) == []
    assert [one.holm.rate > 0.1 for one in found] == [False, True, True, True]
    assert {one.flip for one in found} == {0.0}


def test_it_is_seen_when_holm_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(promises, "holm", np.asarray)
    assert len(broken(tried(1000, [named("after Holm")], (5, 10)), [])) == 4


def test_it_is_seen_when_the_margin_is_tested_from_one_side_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def one_side(differences: promises.Numbers, margin: float) -> promises.Numbers:
        return 1.0 - np.minimum(1.0, np.abs(differences.mean(-1) + margin))

    monkeypatch.setattr(promises, "equivalence", one_side)
    assert broken(tried(300, [named("at the margin")], (5,)), [])


def test_a_difference_far_below_the_luck_of_seeds_is_found_by_pairs() -> None:
    rng = np.random.default_rng(0)
    studies, seeds, effect = 200, 5, 2.0
    found = 0
    for _ in range(studies):
        luck = rng.normal(scale=10.0, size=seeds)
        baseline = pd.Series(luck + rng.normal(size=seeds), index=range(seeds))
        level = pd.Series(luck + rng.normal(size=seeds) + effect * math.sqrt(2), index=range(seeds))
        shuffled = level.sample(frac=1.0, random_state=rng)
        found += compare(shuffled, baseline).p < 0.05
    assert Rate(found / studies, power(effect, seeds), studies).kept


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_every_promise_is_kept() -> None:
    assert broken(list(tried()), list(planted()), list(saved(STUDIES))) == []

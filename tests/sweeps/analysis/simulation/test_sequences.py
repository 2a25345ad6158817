import numpy as np
import pytest

from sweeps.analysis.sequential import confidence
from sweeps.analysis.significance import Numbers, paired_t
from sweeps.analysis.simulation import sequences
from sweeps.analysis.simulation.page import broken
from sweeps.analysis.simulation.promises import AT_MOST, PROMISES
from sweeps.analysis.simulation.rates import tried
from sweeps.analysis.simulation.sequences import after_holm, ended, looks_to, saved
from sweeps.analysis.simulation.worlds import NORMAL

SEQUENTIAL = [one for one in PROMISES if one.seeds == AT_MOST]


def test_looks_lie_as_those_of_a_study() -> None:
    assert looks_to(20) == (7, 10, 14, 20)
    assert looks_to(8) == (3, 4, 6, 8)


def test_what_is_found_stays_as_it_was_found() -> None:
    values = NORMAL.draw(np.random.default_rng(1), 30, 3, 20)
    values[:, 1] += 3.0
    found = ended(values)
    early = found.found[:, 0] & (found.seeds[:, 0] == 10)
    assert early.any()
    study = int(np.flatnonzero(early)[0])
    sure = confidence(10, (7, 10, 14, 20))
    then = paired_t(values[study, 1, :10], values[study, 0, :10], sure)
    assert found.low[study, 0] == pytest.approx(then.low)
    assert found.seeds[~found.found].min() == 20


def test_holm_is_that_of_the_tables() -> None:
    p = np.array([[0.03, 0.02, 0.9], [0.01, 0.02, 0.04], [0.2, 0.3, 0.4]])
    assert after_holm(p).tolist() == [[False] * 3, [True] * 3, [False] * 3]


def test_promises_are_kept_at_few_studies() -> None:
    assert len(SEQUENTIAL) == 3
    assert broken(tried(1000, SEQUENTIAL, (20,)), []) == []


def test_it_is_seen_when_looks_are_not_accounted_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def plain(p: Numbers, *_: object, **__: object) -> Numbers:
        return p

    monkeypatch.setattr(sequences, "stopped_p", plain)
    monkeypatch.setattr(sequences, "confidence", lambda *_: 0.95)
    assert len(broken(tried(1000, SEQUENTIAL, (20,)), [])) > len(SEQUENTIAL)


def test_large_differences_take_fewer_seeds_and_are_found_all_the_same() -> None:
    none, large = saved(200, (20,), (0.0, 3.0))
    assert none.seeds > 19.5
    assert large.seeds < 11
    assert large.trials < 0.55
    assert large.found > 0.99
    assert large.kept
    assert none.fixed < 0.05

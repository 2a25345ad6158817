"""ASHA: its rungs, rebuilt from histories in any order."""

import random
from types import SimpleNamespace
from typing import Any

import pytest
from ray.tune.schedulers import TrialScheduler

from search_spaces import LogRange, Search
from sweeps.execution.asha import Asha
from sweeps.record.journal import TrialRecord

METRIC = "validation/accuracy"
SEARCH = Search(space={"optimizer.lr": LogRange(0.01, 1.0)}, grace_period=1, reduction_factor=2)


def record(trial: str, values: list[float]) -> TrialRecord:
    results = {epoch: {"metrics": {METRIC: value}} for epoch, value in enumerate(values, start=1)}
    return TrialRecord(trial, results=results)


def asha(histories: list[TrialRecord]) -> Asha:
    return Asha(SEARCH, 8, METRIC, higher_is_better=True, histories=histories)


def report(scheduler: Asha, trial: str, epoch: int, value: float) -> str:
    stub: Any = SimpleNamespace(trial_id=trial)
    controller: Any = None
    if trial not in scheduler._trial_info:
        scheduler.on_trial_add(controller, stub)
    result = {"epoch": epoch, f"metrics/{METRIC}": value}
    return scheduler.on_trial_result(controller, stub, result)


def test_rungs_are_where_the_plan_says() -> None:
    assert [rung for rung in asha([]).rungs() if rung < 8] == list(SEARCH.rungs(8)) == [1, 2, 4]


def test_the_order_of_histories_does_not_matter() -> None:
    histories = [record(f"t{i}", [i / 10, i / 9, i / 8][: 1 + i % 3]) for i in range(9)]
    shuffled = random.Random(0).sample(histories, len(histories))
    assert asha(histories).rungs() == asha(shuffled).rungs()


def test_a_rebuilt_scheduler_decides_as_one_that_was_never_stopped() -> None:
    steady = asha([])
    values = {f"t{i}": 0.1 * i for i in range(6)}
    for trial, value in values.items():
        report(steady, trial, 1, value)
    rebuilt = asha([record(trial, [value]) for trial, value in values.items()])
    assert rebuilt.rungs() == steady.rungs()
    for value in (0.05, 0.21, 0.45):
        assert report(rebuilt, "new", 1, value) == report(steady, "new", 1, value)
        for scheduler in (rebuilt, steady):
            del scheduler._trial_info["new"]
            scheduler._brackets[0]._rungs[-1][1].pop("new")


def test_the_worst_of_many_is_stopped_and_the_best_goes_on() -> None:
    scheduler = asha([record(f"t{i}", [0.5 + 0.01 * i]) for i in range(8)])
    assert report(scheduler, "bad", 1, 0.1) == TrialScheduler.STOP
    assert report(scheduler, "good", 1, 0.9) == TrialScheduler.CONTINUE


def test_a_decided_rung_is_not_decided_again() -> None:
    scheduler = asha([record("mine", [0.1]), *(record(f"t{i}", [0.9]) for i in range(8))])
    assert report(scheduler, "mine", 1, 0.1) == TrialScheduler.CONTINUE


@pytest.mark.parametrize("epochs", [1, 2])
def test_a_grace_period_as_long_as_the_training_stops_nothing(epochs: int) -> None:
    search = SEARCH.model_copy(update={"grace_period": 3})
    assert search.rungs(epochs) == ()
    scheduler = Asha(search, epochs, METRIC, higher_is_better=True)
    assert report(scheduler, "bad", 1, 0.0) == TrialScheduler.CONTINUE

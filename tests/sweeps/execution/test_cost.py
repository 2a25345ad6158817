from pathlib import Path

import numpy as np
import pytest
from statsmodels.api import OLS

from search_spaces.bases import TINY_CNN
from sweeps.execution.cost import FILE, Cost, Devices, Part, actual, cost, pace
from sweeps.record.journal import TrialRecord

TWO = Devices("A10G", 2, 4)
"""Each holds two trials."""
SECONDS = (1.0, 1.1, 0.9, 1.05, 0.95)


def test_hours_are_those_of_devices_not_of_trials() -> None:
    found = cost([Part(3600, (2.0,) * 5), Part(1800, (4.0,) * 5)], TWO)
    assert found.hours == pytest.approx(2.0, rel=1e-9)  # 4 hours of trials, two on a device
    assert (found.low, found.high) == pytest.approx((2.0, 2.0))


def test_the_interval_is_that_of_one_more_measurement() -> None:
    found = cost([Part(3600, SECONDS), Part(720, SECONDS)], Devices("a machine", 1, 1))
    told = OLS(np.log(SECONDS), np.ones(5)).fit().get_prediction([1.0])
    ((low, high),) = np.exp(told.conf_int(obs=True))
    middle = np.exp(told.predicted_mean[0])
    assert (found.low, found.hours, found.high) == pytest.approx(
        (1.2 * low, 1.2 * middle, 1.2 * high)
    )


def test_money_is_told_beside_hours() -> None:
    free, paid = (cost([Part(3600, SECONDS)], TWO, price) for price in (None, 1.5))
    assert len(free.lines()) == 1
    assert free.lines()[0].startswith("left to train: 0.5 device-hours (95%: 0.39 to 0.63), 0.25 ")
    assert "a device is A10G, 2 at once" in free.lines()[0]
    assert paid.lines()[1] == "at 1.5 an hour: 0.75 (95%: 0.59 to 0.95)"


@pytest.mark.parametrize("price", [-1.0, float("inf"), float("nan")])
def test_a_price_is_a_number(price: float) -> None:
    with pytest.raises(ValueError, match="--price-per-hour wants a number from 0 on"):
        cost([], TWO, price)


def test_a_forecast_is_kept_for_the_end(tmp_path: Path) -> None:
    assert Cost.read(tmp_path) is None
    made = cost([Part(3600, SECONDS)], TWO, 1.5)
    made.write(tmp_path / "studies" / "mine")
    file = tmp_path / "studies" / "mine" / FILE
    assert Cost.read(file.parent) == made
    for damaged in ("", "[]", "{}", '{"format": 1}', '{"format": 2}'):
        file.write_text(damaged)
        assert Cost.read(file.parent) is None


def trained(trial: str, gpus: str, ends: dict[float, float], node: str = "a") -> TrialRecord:
    """Return a trial by the ends of its epochs and their seconds."""
    results = {
        epoch: {"time": end, "metrics": {"seconds": seconds}}
        for epoch, (end, seconds) in enumerate(ends.items(), 1)
    }
    return TrialRecord(trial, facts={"gpus": gpus, "node": node}, results=results)


def test_what_was_trained_since_is_what_it_took() -> None:
    forecast = Cost(TWO, 1.0, 0.8, 1.3, price=2.0, made=10_000.0)
    record = trained("a", "1", {9_999.0: 800.0, 10_900.0: 900.0, 11_800.0: 900.0})
    took = actual([record, TrialRecord("b")], forecast.made)
    assert took == 0.5
    assert forecast.against(took) == (
        "training took 0.5 device-hours; 1 were forecast (95%: 0.8 to 1.3): 1 for 2"
    )
    assert forecast.metrics(took) == {
        "forecast/device_hours": 1.0, "forecast/low": 0.8, "forecast/high": 1.3,
        "actual/device_hours": 0.5, "actual/money": 1.0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("trials", "hours"),
    [
        ([("0", 3600), ("0", 3600)], 1.0),  # a machine trains two at once
        ([("0", 3600), ("0", 7200)], 2.0),  # they differ: one begins after an hour
        ([("1", 3600), ("1", 3600)], 2.0),
        ([("0.5", 3600), ("0.5", 3600)], 1.0),
        ([("0.5", 3600)] * 3, 2.0),  # so many do not fit on one GPU
        ([("0.1", 3600)] * 10, 1.0),
        ([("0.5", 3600), ("0.5", 7200)], 2.0),  # a GPU is in use though half of it is free
    ],
)
def test_a_device_counts_once_however_many_trials_it_has(
    trials: list[tuple[str, int]], hours: float
) -> None:
    """Whatever the forecast took for granted: the run may have had other options."""
    records = [
        trained(str(number), gpus, {10_000.0 + end: 3600.0})
        for number, (gpus, end) in enumerate(trials)
    ]
    assert actual(records, 10_000.0) == pytest.approx(hours)
    elsewhere = [trained("x", "0", {13_600.0: 3600.0}, node="b")]
    assert actual(records + elsewhere, 10_000.0) == pytest.approx(hours + 1)


@pytest.mark.parametrize(
    ("changes", "other"),
    [
        ({"optimizer.lr": 0.5}, False),
        ({"epochs": 3}, False),
        ({"batch_size": 7}, True),
        ({"model.activation": "tanh"}, True),
        ({"optimizer": "adam"}, True),
    ],
)
def test_recipes_of_one_pace_are_timed_once(changes: dict[str, object], other: bool) -> None:
    changed = TINY_CNN.replace(changes)
    assert (pace(changed) != pace(TINY_CNN)) == other

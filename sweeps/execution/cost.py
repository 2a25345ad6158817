"""What the rest of a study will take of devices and money, and what it took."""

import json
import math
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean, stdev
from typing import Self

from cifar_models.recipe import Recipe
from sweeps.record.journal import TrialRecord

FILE = "cost.json"
_FORMAT = 1
_LEVEL = 0.95
_HOUR = 3600
_ANY = 1e-5
"""Of a machine: it is in use whatever trains there."""


@dataclass(frozen=True)
class Devices:
    """What trials are trained on."""

    kind: str
    """What one is called."""
    number: int
    """Of those in use: GPUs, or machines where CPUs train."""
    slots: int
    """Trials at once on all of them."""

    @property
    def share(self) -> float:
        """How much of a device a trial has."""
        return self.number / self.slots


@dataclass(frozen=True)
class Part:
    """Epochs of one kind of recipe that are left, and seconds that one takes, measured often."""

    epochs: float
    seconds: Sequence[float]


@dataclass(frozen=True)
class Cost:
    """Device-hours of training alone: without machines that start, and trials that wait."""

    devices: Devices
    hours: float
    low: float
    high: float
    price: float | None = None
    """Of an hour of one device."""
    made: float = 0.0
    """When it was forecast, in seconds since 1970."""

    def lines(self) -> list[str]:
        """Return the forecast as lines."""
        devices = self.devices
        said = f"left to train: {_shown(self.hours)} device-hours ({self._interval(1.0)})"
        if devices.number > 1:
            said += f", {_shown(self.hours / devices.number)} hours on {devices.number}"
        told = [f"{said}; a device is {devices.kind}, {devices.slots / devices.number:g} at once"]
        if self.price is not None:
            money = _shown(self.hours * self.price)
            told.append(f"at {self.price:g} an hour: {money} ({self._interval(self.price)})")
        return told

    def _interval(self, price: float) -> str:
        return f"{_LEVEL:.0%}: {_shown(self.low * price)} to {_shown(self.high * price)}"

    def against(self, actual: float) -> str:
        """Return what came of the forecast."""
        said = (
            f"training took {_shown(actual)} device-hours; {_shown(self.hours)} were forecast "
            f"({self._interval(1.0)})"
        )
        if self.price is not None:
            said += f": {_shown(actual * self.price)} for {_shown(self.hours * self.price)}"
        return said

    def metrics(self, actual: float) -> dict[str, float]:
        """Return both as metrics of the study's run."""
        told = {"forecast/device_hours": self.hours, "forecast/low": self.low,
                "forecast/high": self.high, "actual/device_hours": actual}  # fmt: skip
        return told if self.price is None else told | {"actual/money": actual * self.price}

    def write(self, folder: Path) -> None:
        """Keep the forecast, for the end of the run."""
        folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps({"format": _FORMAT} | asdict(self), indent=1)
        (folder / FILE).write_text(text, encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> Self | None:
        """Return the forecast that is kept, if there is one of this version."""
        try:
            plain = json.loads((folder / FILE).read_text(encoding="utf-8"))
            if plain.pop("format") != _FORMAT:
                return None
            return cls(devices=Devices(**plain.pop("devices")), **plain)
        except (OSError, ValueError, KeyError, TypeError):
            return None


def cost(parts: Iterable[Part], devices: Devices, price: float | None = None) -> Cost:
    """Add up what is left.

    The interval is the t prediction interval of one measurement, on the scale of logarithms: times
    are positive, and other work makes them longer by a share. That share is taken to be the same
    for all epochs and all recipes, so that nothing averages out.

    Raises:
        ValueError: The price is no finite number from zero on.
    """
    from scipy.stats import t

    if price is not None and not 0 <= price < math.inf:
        raise ValueError(f"--price-per-hour wants a number from 0 on, got {price:g}")
    low = middle = high = 0.0
    for part in parts:
        logs, number = [math.log(seconds) for seconds in part.seconds], len(part.seconds)
        width = t.ppf((1 + _LEVEL) / 2, number - 1) * stdev(logs) * math.sqrt(1 + 1 / number)
        low += part.epochs * math.exp(fmean(logs) - width)
        middle += part.epochs * math.exp(fmean(logs))
        high += part.epochs * math.exp(fmean(logs) + width)
    share = devices.share / _HOUR
    return Cost(devices, middle * share, low * share, high * share, price, time.time())


def actual(records: Iterable[TrialRecord], since: float) -> float:
    """Return the device-hours of all epochs that were trained since a time.

    A device is in use while anything trains on it, however many trials that is: a machine where
    CPUs train, else as many of a machine's GPUs as its trials have shares of.

    Args:
        records: What is known of the trials.
        since: Seconds since 1970.
    """
    changes: dict[tuple[str, bool], list[tuple[float, float]]] = defaultdict(list)
    for record in records:
        share = float(record.facts.get("gpus", 0))
        machine = changes[record.facts.get("node", ""), share > 0]
        for result in record.results.values():
            if (end := result["time"]) >= since:
                begin = end - result["metrics"].get("seconds", 0.0)
                machine += [(begin, share or _ANY), (end, -(share or _ANY))]
    return sum(map(_in_use, changes.values())) / _HOUR


def _in_use(changes: list[tuple[float, float]]) -> float:
    """Return the seconds in which devices of one machine are in use, of all of them together."""
    total = shares = before = 0.0
    for moment, change in sorted(changes):
        total += math.ceil(round(shares, 6)) * (moment - before)
        shares, before = shares + change, moment
    return total


def pace(recipe: Recipe) -> str:
    """Return what decides how long an epoch takes: all of a recipe but its real numbers.

    Rates and probabilities are real; widths, depths and batch sizes are not.
    """
    plain = recipe.model_dump(mode="json")
    for phase in plain["phases"]:
        del phase["epochs"], phase["schedule"]
    return json.dumps(_without_real_numbers(plain), sort_keys=True)


def _without_real_numbers(value: object) -> object:
    match value:
        case dict():
            return {key: _without_real_numbers(each) for key, each in value.items()}
        case list():
            return [_without_real_numbers(each) for each in value]
        case float():
            return None
        case _:
            return value


def _shown(number: float) -> str:
    """Return a number with two digits that count, and no fewer before the point."""
    if number >= 100:
        return f"{number:,.0f}"
    return f"{number:.2g}" if number < 10 else f"{number:.1f}"

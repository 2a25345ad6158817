"""Learning curves looked up instead of trained: recorded on a grid, interpolated between."""

import json
import math
from bisect import bisect_right
from functools import cache
from pathlib import Path
from typing import NamedTuple

FILE = Path(__file__).with_name("curves.json")
CHANCE = 0.1
"""Accuracy of a network that has diverged."""


class Grid(NamedTuple):
    """Where curves were recorded."""

    lr: tuple[float, ...]
    weight_decay: tuple[float, ...]
    activation: tuple[str, ...]


class Place(NamedTuple):
    """One point of the grid."""

    activation: str
    lr: float
    weight_decay: float

    @property
    def key(self) -> str:
        """Its name in the file."""
        return f"{self.activation} {self.lr:.3g} {self.weight_decay:.3g}"


class Surrogate:
    """The recorded trainings.

    Args:
        grid: where they were.
        curves: validation accuracy by epoch and place; shorter where the network diverged.
    """

    def __init__(self, grid: Grid, curves: dict[str, list[float | None]]) -> None:
        self.grid, self._curves = grid, curves
        self.epochs = max(map(len, curves.values()))

    def curve(self, activation: str, lr: float, weight_decay: float) -> list[float]:
        """Return the validation accuracy after each epoch, bilinear in the logarithms."""
        across = _between(self.grid.lr, lr)
        down = _between(self.grid.weight_decay, weight_decay)
        return [
            sum(
                share * part * self._at(Place(activation, near, far), epoch)
                for near, share in across
                for far, part in down
            )
            for epoch in range(self.epochs)
        ]

    def _at(self, place: Place, epoch: int) -> float:
        curve = self._curves[place.key]
        value = curve[epoch] if epoch < len(curve) else None
        return CHANCE if value is None else value


@cache
def recorded() -> Surrogate:
    """Return what `record` wrote."""
    told = json.loads(FILE.read_text())
    return Surrogate(Grid(*map(tuple, told["grid"].values())), told["curves"])


def _between(ticks: tuple[float, ...], value: float) -> list[tuple[float, float]]:
    """Return the two ticks around a value with their shares, by its logarithm."""
    last = len(ticks) - 2
    left = min(max(bisect_right(ticks, value) - 1, 0), last)
    low, high = ticks[left], ticks[left + 1]
    along = math.log(value / low) / math.log(high / low)
    along = min(max(along, 0.0), 1.0)
    return [(low, 1.0 - along), (high, along)]

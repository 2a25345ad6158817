from collections.abc import Callable, Sequence
from typing import Any

import pytest

from cifar_models.ranges import IntRange, LogRange, Range


class Recorder:
    """Answers with the low end and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []

    def suggest_float(self, name: str, low: float, high: float, *, log: bool = False) -> float:
        self.asked.append(("float", name, low, high, log))
        return low

    def suggest_int(self, name: str, low: int, high: int, *, log: bool = False) -> int:
        self.asked.append(("int", name, low, high, log))
        return low

    def suggest_categorical(self, name: str, choices: Sequence[Any]) -> Any:
        raise AssertionError(f"{name} is no choice among {choices}")


@pytest.mark.parametrize(
    ("usual", "asked"),
    [
        (Range(0.0, 0.5), ("float", "x", 0.0, 0.5, False)),
        (LogRange(1e-4, 1.0), ("float", "x", 1e-4, 1.0, True)),
        (IntRange(1, 7), ("int", "x", 1, 7, False)),
        (IntRange(8, 128, log=True), ("int", "x", 8, 128, True)),
    ],
)
def test_asks_the_sampler(usual: Range | LogRange | IntRange, asked: tuple[Any, ...]) -> None:
    trial = Recorder()
    assert usual.suggest(trial, "x") == asked[2]
    assert trial.asked == [asked]


@pytest.mark.parametrize(
    "make",
    [
        lambda: Range(1.0, 1.0),
        lambda: Range(2.0, 1.0),
        lambda: Range(0.0, float("inf")),
        lambda: Range(float("nan"), 1.0),
        lambda: LogRange(0.0, 1.0),
        lambda: LogRange(-1.0, 1.0),
        lambda: IntRange(3, 2),
    ],
)
def test_refuses_an_empty_or_endless_range(make: Callable[[], object]) -> None:
    with pytest.raises(ValueError, match="range needs"):
        make()


def test_is_a_value() -> None:
    assert Range(0, 1) == Range(0, 1)
    assert len({Range(1, 2), LogRange(1, 2)}) == 2
    with pytest.raises(AttributeError):
        Range(0, 1).low = 0.5  # type: ignore[misc]


def test_a_logarithmic_range_of_integers_starts_above_zero() -> None:
    with pytest.raises(ValueError, match="low > 0, got 0"):
        IntRange(0, 8, log=True)
    assert IntRange(0, 8).low == 0

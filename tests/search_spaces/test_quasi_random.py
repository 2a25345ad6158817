"""Quasi-random points: inside their ranges, and even."""

import pytest

from cifar_models.ranges import IntRange, LogRange, Range
from search_spaces.quasi_random import points
from search_spaces.space import choice

SQUARE = {"a": Range(0.0, 1.0), "b": Range(0.0, 1.0)}


def test_points_are_halton_s() -> None:
    a, b = zip(*(point.values() for point in points(SQUARE, 4)), strict=True)
    assert a == pytest.approx([1 / 2, 1 / 4, 3 / 4, 1 / 8])
    assert b == pytest.approx([1 / 3, 2 / 3, 1 / 9, 4 / 9])


def test_more_points_only_add_to_those_before() -> None:
    assert points(SQUARE, 20)[:7] == points(SQUARE, 7)


def test_a_logarithmic_range_is_even_in_its_logarithm() -> None:
    values = [point["lr"] for point in points({"lr": LogRange(1e-4, 1e-2)}, 127)]
    assert min(values) > 1e-4
    assert max(values) < 1e-2
    assert sum(value < 1e-3 for value in values) in (63, 64)


@pytest.mark.parametrize("log", [False, True])
def test_every_integer_of_a_range_is_met(log: bool) -> None:
    values = [point["n"] for point in points({"n": IntRange(1, 4, log=log)}, 200)]
    assert set(values) == {1, 2, 3, 4}
    if not log:
        assert max(values.count(n) for n in range(1, 5)) <= 51


def test_every_option_is_met_equally_often_with_what_it_searches() -> None:
    from cifar_models.optimizers import SGD
    from search_spaces.space import tuned

    space = {"optimizer": choice("adam", tuned(SGD(), "lr"))}
    chosen = [point["optimizer"] for point in points(space, 64)]
    rates = [value["lr"] for value in chosen if value != "adam"]
    assert len(rates) == len(set(rates)) == 32

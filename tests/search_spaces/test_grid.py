"""Every point of a space of choices."""

import pytest

from cifar_models.optimizers import SGD, Adam
from cifar_models.ranges import IntRange, LogRange
from search_spaces.grid import grid, grid_size
from search_spaces.space import Space, choice, tuned

SPACE: Space = {
    "batch_size": choice(64, 128),
    "optimizer": choice(
        tuned(SGD(), lr=choice(0.01, 0.1, 1.0)), tuned(Adam(), beta1=choice(0.8, 0.9)), "muon"
    ),
    "augmentation.0.padding": IntRange(2, 4),
}


def test_a_branch_is_crossed_with_its_own_sub_space_alone() -> None:
    points = list(grid(SPACE))
    assert len(points) == grid_size(SPACE) == 2 * (3 + 2 + 1) * 3
    assert len({frozenset(point.items()) for point in points}) == len(points)
    assert points[0] == {
        "batch_size": "64", "optimizer": "sgd", "optimizer.sgd.lr": "0.01",
        "augmentation.0.padding": 2,
    }  # fmt: skip
    muon = [point for point in points if point["optimizer"] == "muon"]
    assert {frozenset(point) for point in muon} == {
        frozenset(("batch_size", "optimizer", "augmentation.0.padding"))
    }


def test_counting_makes_no_points() -> None:
    wide: Space = {f"model.channels.{i}": IntRange(1, 1000) for i in range(10)}
    assert grid_size(wide) == 1000**10


@pytest.mark.parametrize("count", [grid_size, lambda space: list(grid(space))])
def test_a_continuous_range_is_a_sentence(count: object) -> None:
    space: Space = {"optimizer": choice(tuned(SGD(), lr=LogRange(0.01, 1.0)))}
    with pytest.raises(ValueError, match=r"range \[0.01, 1\] of optimizer.sgd.lr: give a choice"):
        count(space)  # type: ignore[operator]

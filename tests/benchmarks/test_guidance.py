"""The looked-up curves, and what is made of two searches."""

import pytest

from benchmarks.data.surrogate import CHANCE, Grid, Place, Surrogate
from benchmarks.guidance import best_after

GRID = Grid(lr=(0.01, 0.1), weight_decay=(1e-4, 1e-2), activation=("relu",))
CURVES: dict[str, list[float | None]] = {
    Place("relu", 0.01, 1e-4).key: [0.2, 0.4],
    Place("relu", 0.1, 1e-4).key: [0.4, 0.6],
    Place("relu", 0.01, 1e-2).key: [0.2, 0.4],
    Place("relu", 0.1, 1e-2).key: [0.8],
}


@pytest.mark.parametrize(
    ("lr", "decay", "curve"),
    [
        (0.01, 1e-4, [0.2, 0.4]),
        (0.1, 1e-4, [0.4, 0.6]),
        (0.1 / 10**0.5, 1e-4, [0.3, 0.5]),
        (0.1, 1e-3, [0.6, (0.6 + CHANCE) / 2]),  # one of its neighbours diverged
        (10.0, 1e-9, [0.4, 0.6]),  # beyond the grid its edge counts
    ],
)
def test_curves_are_interpolated_in_the_logarithms(
    lr: float, decay: float, curve: list[float]
) -> None:
    assert Surrogate(GRID, CURVES).curve("relu", lr, decay) == pytest.approx(curve)


def test_the_best_is_that_of_the_epochs_spent() -> None:
    reported = [("a", 1, 0.3), ("b", 1, 0.5), ("a", 2, 0.7)]
    assert best_after(reported, 2) == 50.0
    assert best_after(reported, 3) == 70.0

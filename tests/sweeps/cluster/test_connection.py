from collections.abc import Iterator
from typing import Any

import pytest

from sweeps.cluster.connection import clock_of


class Late:
    """A machine ten seconds ahead, whose answers take different times on their way."""

    def __init__(self, trips: list[tuple[float, float]]) -> None:
        self.now, self._trips = 1000.0, iter(trips)

    def time(self) -> float:
        return self.now

    def ask(self, question: str, *_: Any) -> float:
        there, back = next(self._trips)
        self.now += there
        seen = self.now + 10
        self.now += back
        return seen


def trips() -> Iterator[tuple[float, float]]:
    yield from [(3.0, 1.0), (0.1, 0.2), (0.0, 2.0), (1.0, 1.0), (0.5, 0.0)]


def test_the_quickest_answer_tells_the_time() -> None:
    machine = Late(list(trips()))
    found = clock_of(machine, machine.time)
    assert found.uncertainty == pytest.approx(0.15)
    assert found.ahead == pytest.approx(9.95), "it looked a little before the middle"
    assert abs(found.ahead - 10) <= found.uncertainty

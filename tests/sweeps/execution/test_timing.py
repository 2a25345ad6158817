from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest

from cifar_models.datasets import Images
from cifar_models.numerics import Numerics, native
from search_spaces.bases import TINY_CNN
from sweeps.execution import timing
from sweeps.execution.images import ImageStore
from sweeps.execution.ray_session import RaySession, Resources
from sweeps.execution.side_by_side import Work
from sweeps.execution.timing import REPEATS, forecast_cost, time_epochs
from tests.sweeps.execution.specs import BASE

STEP, LOOK = 0.01, 0.0001
"""Seconds of a step and of a validation image."""
PARTS = ImageStore(None).source(BASE).parts
MANY = Images(np.zeros((5000, 4, 4, 1), np.uint8), np.zeros(5000, np.int64))
WORK = Work({"batch_size": 10}, Numerics(), MANY, MANY, 10)


class Fake:
    """Trains as fast as is said, and remembers how often."""

    def __init__(self, part: Work, count: int) -> None:
        self.part, self.count, self.epochs = part, count, 0

    def train(self, epochs: int) -> list[dict[str, float]]:
        self.epochs += epochs
        training = self.part.images / 10 * STEP
        looking = len(self.part.validation or ()) * LOOK
        one = {"images_per_second": self.part.images / training, "seconds": training + looking}
        return [one] * epochs * self.count


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> list[Fake]:
    fakes: list[Fake] = []

    @contextmanager
    def side_by_side(count: int, part: Work) -> Iterator[Fake]:
        fakes.append(Fake(part, count))
        yield fakes[-1]

    monkeypatch.setattr(timing, "side_by_side", side_by_side)
    return fakes


@pytest.mark.parametrize(("every", "seconds"), [(1, 5.5), (5, 5.1)])
def test_a_part_tells_of_the_whole(begun: list[Fake], every: int, seconds: float) -> None:
    assert time_epochs(WORK, 2, every) == pytest.approx([seconds] * REPEATS)
    (fake,) = begun
    assert fake.count == 2
    assert (fake.part.images, len(fake.part.validation or ())) == (80, 500)
    assert fake.epochs > 2 + REPEATS, "an epoch of 0.13 s is repeated until it can be timed"


def test_without_validation_there_is_none_to_time(begun: list[Fake]) -> None:
    assert time_epochs(replace(WORK, validation=None), 1, 1) == pytest.approx([5.0] * REPEATS)


def test_what_cannot_be_trained_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def side_by_side(count: int, part: Work) -> None:
        raise RuntimeError("CUDA out of memory")

    monkeypatch.setattr(timing, "side_by_side", side_by_side)
    with pytest.raises(ValueError, match="cannot time batches of 10, 3 at once: CUDA out of mem"):
        time_epochs(WORK, 3, 1)


def test_every_pace_is_timed_once_and_every_epoch_counts(begun: list[Fake]) -> None:
    other = BASE.replace({"model.activation": "tanh"})
    left = [(BASE, 3.0), (BASE.replace({"optimizer.lr": 0.5}), 4.0), (other, 5.0)]
    session = RaySession(None)
    session.resources = Resources(1, 0.0, 2)
    found = forecast_cost(left, ImageStore(None), (), session, native)
    assert [fake.count for fake in begun] == [2, 2]
    assert (found.devices.number, found.devices.slots) == (1, 2)
    steps, looked_at = len(PARTS.train) // BASE.batch_size, len(PARTS.validation or ())
    seconds = 12 * (steps * BASE.batch_size / 10 * STEP + looked_at * LOOK)
    assert found.hours == pytest.approx(seconds / 2 / 3600), "two share the machine"


@pytest.mark.slow
def test_a_real_recipe_is_timed() -> None:
    recipe = TINY_CNN
    session = RaySession(None)
    session.resources = Resources(1, 0.0, 1)
    found = forecast_cost([(recipe, 10.0)], ImageStore(None), (), session, native, 1.0)
    assert 0 < found.low < found.hours < found.high < 1

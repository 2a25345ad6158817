"""Studies without any difference between levels, of several kinds of chance."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sweeps.analysis.significance import Numbers

SHARED = 0.5
"""Standard deviation of a seed's luck; that of a trial's own is 1 in most worlds."""


@dataclass(frozen=True)
class World:
    """A kind of chance.

    Attributes:
        name: a word.
        title: what its trials are.
        errors: draws what is a trial's own, of mean zero, from a generator and a shape (studies,
            levels, seeds).
    """

    name: str
    title: str
    errors: Callable[[np.random.Generator, tuple[int, int, int]], Numbers]

    def draw(self, rng: np.random.Generator, studies: int, levels: int, seeds: int) -> Numbers:
        """Return values of shape (studies, levels, seeds), the baseline's first.

        All levels of a study share the luck of their seed; every true mean is zero.
        """
        shared = rng.normal(scale=SHARED, size=(studies, 1, seeds))
        return shared + self.errors(rng, (studies, levels, seeds))


def _normal(rng: np.random.Generator, shape: tuple[int, int, int]) -> Numbers:
    return rng.normal(size=shape)


def _heteroscedastic(rng: np.random.Generator, shape: tuple[int, int, int]) -> Numbers:
    return rng.normal(size=shape) * np.arange(1.0, shape[1] + 1)[:, np.newaxis]


def _skewed(rng: np.random.Generator, shape: tuple[int, int, int]) -> Numbers:
    """Most seeds a little above the mean, few far below: one minus an exponential."""
    return 1.0 - rng.exponential(size=shape)


def _skewed_apart(rng: np.random.Generator, shape: tuple[int, int, int]) -> Numbers:
    errors = _skewed(rng, shape)
    errors[:, 0] = rng.normal(scale=0.5, size=(shape[0], shape[2]))
    return errors


NORMAL = World("normal", "normal, of one variance", _normal)
HETEROSCEDASTIC = World(
    "heteroscedastic", "normal, each level with a standard deviation of its own", _heteroscedastic
)
SKEWED = World("skewed", "skewed in all levels alike: few seeds far below the others", _skewed)
APART = World("skewed apart", "skewed in all levels but the baseline", _skewed_apart)
WORLDS = (NORMAL, HETEROSCEDASTIC, SKEWED, APART)

"""How often promises are kept, and planted differences found, in simulated studies."""

import math
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from sweeps.analysis.power import power
from sweeps.analysis.significance import ALPHA, Numbers, holm, paired_t, sign_flip
from sweeps.analysis.simulation.promises import LEVELS, PROMISES, Promise
from sweeps.analysis.simulation.worlds import NORMAL, WORLDS, World

SEEDS = (3, 5, 10, 20)
STUDIES = 2_000
EFFECTS = (0.5, 1.0, 2.0, 3.0)
"""Planted differences, in standard deviations of the paired differences."""
ERRORS = 3.0
"""Standard errors of simulation within which a rate counts as its nominal one."""


@dataclass(frozen=True)
class Rate:
    """How often something happened in so many studies.

    Attributes:
        rate: the share of studies.
        nominal: what it should be.
        studies: how many.
        at_most: a lower rate keeps the promise, too.
    """

    rate: float
    nominal: float
    studies: int
    at_most: bool = False

    @property
    def error(self) -> float:
        """The Monte Carlo error that is allowed for."""
        return ERRORS * math.sqrt(self.nominal * (1 - self.nominal) / self.studies)

    @property
    def kept(self) -> bool:
        """Whether it is what it should be, within Monte Carlo error."""
        excess = self.rate - self.nominal
        return excess <= self.error and (self.at_most or excess >= -self.error)


@dataclass(frozen=True)
class Trial:
    """A promise tried in one world, at one number of seeds."""

    promise: Promise
    world: World
    seeds: int
    found: Rate

    @property
    def promised(self) -> bool:
        """Whether the method claims it here."""
        return self.world.name in self.promise.worlds


def tried(
    studies: int = STUDIES,
    promises: Iterable[Promise] = PROMISES,
    seeds: Container[int] | None = None,
) -> Iterator[Trial]:
    """Try promises, at some numbers of seeds or at all of theirs; equal calls give equal rates."""
    for promise in promises:
        for number, world in enumerate(WORLDS):
            if not promise.elsewhere and world.name not in promise.worlds:
                continue
            for n in (n for n in promise.seeds if seeds is None or n in seeds):
                count = round(studies * promise.share)
                rng = np.random.default_rng([number, n])
                values = world.draw(rng, count, promise.levels, n)
                rate = float(promise.happens(values).mean())
                found = Rate(rate, promise.nominal, count, promise.at_most)
                yield Trial(promise, world, n, found)


@dataclass(frozen=True)
class Planted:
    """How often a planted difference is found.

    Attributes:
        effect: standardised by the paired differences.
        seeds: of each level.
        t: by the paired t test alone, beside the power that theory gives it.
        holm: among 3 comparisons after Holm, beside the power at a third of the level, which is
            the least that it can have.
        flip: by the sign-flip test alone; NaN where it is not tried.
    """

    effect: float
    seeds: int
    t: Rate
    holm: Rate
    flip: float


def planted(studies: int = STUDIES, seeds: Iterable[int] = SEEDS) -> Iterator[Planted]:
    """Plant differences between each level and the baseline, and look for them."""
    for n in seeds:
        for effect in EFFECTS:
            rng = np.random.default_rng([n, round(10 * effect)])
            values = NORMAL.draw(rng, studies, LEVELS, n)
            values[:, 1:] += effect * math.sqrt(2)  # the sd of the difference of two unit normals
            p = paired_t(values[:, 1:], values[:, :1]).p
            adjusted = np.array([holm(study)[0] for study in p.tolist()])
            least = power(effect, n, ALPHA / (LEVELS - 1))
            yield Planted(
                effect,
                n,
                Rate(float((p[:, 0] < ALPHA).mean()), power(effect, n), studies),
                Rate(float((adjusted < ALPHA).mean()), least, studies),
                _flipped(values[:, 1] - values[:, 0]),
            )


def _flipped(differences: Numbers) -> float:
    if differences.shape[-1] > 10:
        return math.nan
    return float((sign_flip(differences) < ALPHA).mean())

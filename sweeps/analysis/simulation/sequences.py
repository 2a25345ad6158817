"""Sequential seeds in simulated studies, with looks as a study has them that does not say which."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from search_spaces.looks import SequentialSeeds
from sweeps.analysis.power import power
from sweeps.analysis.sequential import Looks, confidence, nominal_levels, stopped_p
from sweeps.analysis.significance import ALPHA, Numbers, equivalence, holm, paired_t
from sweeps.analysis.simulation.worlds import NORMAL

Flags = NDArray[np.bool_]
MOST = (12, 20, 40)
EFFECTS = (0.5, 1.0, 2.0, 3.0, 5.0)


@dataclass(frozen=True)
class Ended:
    """How the comparisons of studies ended; arrays are of shape (studies, comparisons).

    Attributes:
        found: told from the baseline, after Holm.
        seeds: at the look at which it ended.
        low: lower end of the repeated interval there.
        high: upper end of it.
    """

    found: Flags
    seeds: Numbers
    low: Numbers
    high: Numbers


def looks_to(most: int) -> Looks:
    """Return four looks at the shares of the seeds at which a study has them by itself."""
    usual = SequentialSeeds().looks
    return tuple(round(most * seeds / usual[-1]) for seeds in usual)


def ended(values: Numbers) -> Ended:
    """Look at studies of shape (studies, levels, seeds) until each comparison has ended."""
    looks = looks_to(values.shape[-1])
    shape = (len(values), values.shape[1] - 1)
    p, seeds, low, high = (np.full(shape, math.nan) for _ in range(4))
    found = np.zeros(shape, dtype=bool)
    for count in looks:
        compared = paired_t(values[:, 1:, :count], values[:, :1, :count], confidence(count, looks))
        adjusted = stopped_p(compared.p, count, looks)
        for known, now in ((p, adjusted), (low, compared.low), (high, compared.high)):
            known[~found] = now[~found]
        seeds[~found] = count
        found |= after_holm(p)
    return Ended(found, seeds, low, high)


def after_holm(p: Numbers) -> Flags:
    """Tell which p-values of each study, of shape (studies, comparisons), Holm's method rejects."""
    found = p < ALPHA
    for study in np.flatnonzero(found.any(-1)):
        found[study] = holm(p[study].tolist()) < ALPHA
    return found


def any_is_found_at_a_look(values: Numbers) -> Flags:
    """Whether any comparison is significant after Holm, at any look."""
    return np.asarray(ended(values).found.any(-1))


def repeated_interval_misses(values: Numbers) -> Flags:
    """Whether the last level's interval, at the look at which it ended, does not cover zero."""
    last = ended(values)
    return np.asarray((last.low[:, -1] > 0) | (last.high[:, -1] < 0))


def edge_is_called_equal_at_a_look(values: Numbers) -> Flags:
    """Whether a level just at the margin is called equal at any look; the margin is two sd."""
    differences = values[:, -1] - values[:, 0]
    margin, looks = 2 * float(differences.std()), looks_to(values.shape[-1])
    equal = [
        stopped_p(equivalence(differences[:, :n] + margin, margin), n, looks, sides=1) < ALPHA
        for n in looks
    ]
    return np.asarray(np.any(equal, axis=0))


@dataclass(frozen=True)
class Saved:
    """What sequential seeds find of planted differences, and what they take.

    Attributes:
        effect: standardised by the paired differences.
        most: seeds at the last look.
        studies: how many were looked at.
        found: the share of comparisons that were found, after Holm.
        fixed: that of the design that always takes all seeds.
        least: the power that theory gives the last look alone at a third of the level.
        covered: the share of repeated intervals that cover the difference.
        seeds: the mean number that a level had.
        trials: the share that the study trained of those of the fixed design, with the baseline's.
    """

    effect: float
    most: int
    studies: int
    found: float
    fixed: float
    least: float
    covered: float
    seeds: float
    trials: float

    @property
    def kept(self) -> bool:
        """Whether it finds what it should, and its intervals cover, within Monte Carlo error."""
        power_error = 3 * math.sqrt(self.least * (1 - self.least) / self.studies)
        error = 3 * math.sqrt(ALPHA * (1 - ALPHA) / self.studies)
        return self.found >= self.least - power_error and self.covered >= 1 - ALPHA - error


def saved(
    studies: int, most: Sequence[int] = MOST, effects: Sequence[float] = EFFECTS
) -> Iterator[Saved]:
    """Plant differences between each of three levels and the baseline, and look for them.

    Args:
        studies: how many.
        most: numbers of seeds.
        effects: standardised by the paired differences.
    """
    for n in most:
        for effect in effects:
            rng = np.random.default_rng([n, round(10 * effect)])
            planted = effect * math.sqrt(2)  # the sd of the difference of two unit normals
            values = NORMAL.draw(rng, studies, 4, n)
            values[:, 1:] += planted
            last = ended(values)
            trials = last.seeds.sum(-1) + last.seeds.max(-1)
            least = power(effect, n, nominal_levels(looks_to(n), ALPHA / 3)[-1])
            yield Saved(
                effect=effect,
                most=n,
                studies=studies,
                found=float(last.found.mean()),
                fixed=float(after_holm(paired_t(values[:, 1:], values[:, :1]).p).mean()),
                least=least,
                covered=float(((last.low <= planted) & (last.high >= planted)).mean()),
                seeds=float(last.seeds.mean()),
                trials=float(trials.mean()) / (4 * n),
            )

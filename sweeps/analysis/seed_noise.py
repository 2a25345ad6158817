"""How much a number moves with the seed alone, and what one run an arm can then tell."""

import math
from collections.abc import Iterable
from statistics import stdev
from typing import Annotated, Literal

from pydantic import Field
from scipy import stats

from cifar_models.component import Frozen
from search_spaces.published import Published, published
from sweeps.analysis.reproduction import Reproduction
from sweeps.analysis.significance import ALPHA


class Recorded(Frozen):
    """Trainings of ours over several seeds that no published study is, told by what they were."""

    what: str
    data: str
    measure: str
    seeds: Annotated[int, Field(ge=2)]
    sd: Annotated[dict[str, Annotated[float, Field(gt=0)]], Field(min_length=1)]
    """Sample standard deviation over seeds, by recipe."""


class Recordings(Frozen):
    """All of them, as a file has them."""

    format: Literal[1] = 1
    recorded: tuple[Recorded, ...] = ()


class Noise(Frozen):
    """Standard deviation over seeds: one that was measured, or a range that stands in for it."""

    low: float
    high: float
    source: str
    freedom: int | None = None
    """Degrees of freedom of a measured one; None: taken as known."""

    @property
    def detectable(self) -> tuple[float, float]:
        """The smallest difference that one run an arm tells from none, two-sided, at either end.

        Two runs that differ in the seed alone differ by sd times the root of two. The normal
        quantile, or that of t where sd is itself an estimate.

        Source: prediction interval of a difference; Hahn and Meeker 1991, "Statistical Intervals",
            section 4.7.
        """
        chance = stats.norm() if self.freedom is None else stats.t(self.freedom)
        quantile = chance.isf(ALPHA / 2)
        low, high = (float(quantile * math.sqrt(2) * sd) for sd in (self.low, self.high))
        return low, high


def seed_noise(
    result: Published,
    data: str,
    measure: str,
    again: Reproduction | None,
    recorded: Iterable[Recorded],
) -> Noise | None:
    """Return the noise of a published study in a measure, by the nearest source that has it.

    Args:
        result: what its report printed.
        data: name of its data set.
        measure: in which quantity.
        again: the study run again; only at the full budget does its noise count.
        recorded: other trainings of ours.
    """
    ours = again if again and again.budget == "full" else None
    return (
        (_measured(ours, measure) if ours else None)
        or _of_report(result.id[0], measure)
        or _stand_in(recorded, data, measure)
    )


def _measured(found: Reproduction, measure: str) -> Noise | None:
    """Return what a published study, run again, shows; pooled over its levels."""
    rows = [row for row in found.rows if row.quantity == measure and row.sd and row.n > 1]
    freedom = sum(row.n - 1 for row in rows)
    if not freedom:
        return None
    squares = sum((row.n - 1) * row.sd**2 for row in rows if row.sd is not None)
    return _one(math.sqrt(squares / freedom), freedom, "ours")


def _of_report(report: str, measure: str) -> Noise | None:
    """Return what the seeds show that a report printed apart, if it did."""
    for result in published().values():
        for level in result.by_seed.values() if result.id[0] == report else ():
            if measure in level:
                seeds = level[measure]
                return _one(stdev(seeds), len(seeds) - 1, f"the report's {len(seeds)} seeds")
    return None


def _stand_in(recorded: Iterable[Recorded], data: str, measure: str) -> Noise | None:
    """Return the range of our own recordings on the same data, if there are any."""
    like = [one for one in recorded if (one.data, one.measure) == (data, measure)]
    sds = [sd for one in like for sd in one.sd.values()]
    if not sds:
        return None
    return Noise(low=min(sds), high=max(sds), source="stand-in")


def _one(sd: float, freedom: int, source: str) -> Noise:
    return Noise(low=sd, high=sd, source=source, freedom=freedom)

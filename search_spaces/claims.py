"""Claims: what a study is expected to show, as checks on its outcome.

A claim looks at levels of one factor through `Outcomes`, which whoever has the results provides. It
is upheld where each of its comparisons is, and refuted where one is, at the number of seeds there
is. Intervals are not widened for being many: a claim of k true orders is refuted by chance in up to
k times 2.5 % of all reruns.
"""

from abc import abstractmethod
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Annotated, ClassVar, Literal, NamedTuple, Protocol, Self

from pydantic import Field, model_validator

from cifar_models.component import Frozen, registry

Verdict = Literal["upheld", "refuted", "undecided"]
_ALL_DIVERGED = " (one diverged at every seed)"


class Interval(NamedTuple):
    """A mean over seeds, or over pairs of them a difference, and its 95 % interval.

    Ends are None where there are too few; a positive difference means that the first level is
    better.
    """

    mean: float | None
    low: float | None = None
    high: float | None = None


class Outcomes(Protocol):
    """What a claim may ask of the results of a study."""

    def better(self, factor: str, level: str, other: str, measure: str) -> Interval:
        """Return by how much a level is better than another, in a measure."""

    def value(self, factor: str, level: str, measure: str) -> Interval:
        """Return the mean of a level in a measure, and its interval."""

    def diverged(self, factor: str, level: str) -> tuple[int, int]:
        """Return how many trials of a level have diverged, and how many have ended."""


class Finding(NamedTuple):
    """One comparison of a claim, and what came of it."""

    text: str
    verdict: Verdict
    direction: bool | None
    """Whether the difference points to where the claim says, decided or not; None: unknown."""
    found: Interval = Interval(None)
    """By how much the first level is better, or a mean is above its number."""
    measure: str = ""
    """What that is a difference in; empty where the finding is no number."""


class AnyClaim(Frozen):
    """An expectation about the levels of ``factor``."""

    relative: ClassVar[bool] = True
    """Whether it only orders levels: a shortened study can show where that tends, and not whether a
    number is reached or two levels are as near as they will be."""

    factor: str
    measure: str = "accuracy"

    @model_validator(mode="after")
    def _of_distinct_levels(self) -> Self:
        levels = self.levels_meant()
        if len(set(levels)) < len(levels):
            raise ValueError(f"a claim compares distinct levels, got {', '.join(levels)}")
        return self

    @abstractmethod
    def levels_meant(self) -> tuple[str, ...]:
        """Return the levels that it speaks of."""

    @abstractmethod
    def findings(self, outcomes: Outcomes) -> Iterator[Finding]:
        """Compare; the claim is upheld if all findings are, refuted if any is."""

    @abstractmethod
    def sentence(self) -> str:
        """Return the claim in few words."""


class Ordering(AnyClaim):
    """Levels from the best to the worst, each better than the next.

    Source: two-sided paired t intervals of 95 % for each neighbouring pair.
    """

    name: Literal["ordering"] = "ordering"
    levels: Annotated[tuple[str, ...], Field(min_length=2)]

    def levels_meant(self) -> tuple[str, ...]:
        """Return the levels that it speaks of."""
        return self.levels

    def sentence(self) -> str:
        """Return the claim in few words."""
        return " > ".join(self.levels) + _in(self.measure)

    def findings(self, outcomes: Outcomes) -> Iterator[Finding]:
        """Compare each level with the next."""
        yield from _better(outcomes, self.factor, pairwise(self.levels), self.measure)


class Best(AnyClaim):
    """One level better than each of some others, which are not compared with each other.

    Source: as Ordering.
    """

    name: Literal["best"] = "best"
    level: str
    others: Annotated[tuple[str, ...], Field(min_length=1)]

    def levels_meant(self) -> tuple[str, ...]:
        """Return the levels that it speaks of."""
        return (self.level, *self.others)

    def sentence(self) -> str:
        """Return the claim in few words."""
        return f"{self.level} > {', '.join(self.others)}{_in(self.measure)}"

    def findings(self, outcomes: Outcomes) -> Iterator[Finding]:
        """Compare the level with each of the others."""
        pairs = ((self.level, other) for other in self.others)
        yield from _better(outcomes, self.factor, pairs, self.measure)


class Alike(AnyClaim):
    """Two levels that differ by less than ``within``, in the measure's own unit (0.01: a point).

    Source: equivalence is upheld where the 95 % interval lies inside the margin, a stricter form of
    two one-sided tests (Schuirmann 1987); refuted where it lies outside.
    """

    relative: ClassVar[bool] = False
    name: Literal["alike"] = "alike"
    levels: tuple[str, str]
    within: Annotated[float, Field(gt=0)] = 0.01

    def levels_meant(self) -> tuple[str, ...]:
        """Return the levels that it speaks of."""
        return self.levels

    def sentence(self) -> str:
        """Return the claim in few words."""
        return f"{' = '.join(self.levels)} within {self.within:g}{_in(self.measure)}"

    def findings(self, outcomes: Outcomes) -> Iterator[Finding]:
        """Compare the two."""
        found = outcomes.better(self.factor, *self.levels, self.measure)
        if _survivor(outcomes, self.factor, *self.levels, self.measure) is not None:
            yield Finding(" = ".join(self.levels) + _ALL_DIVERGED, "refuted", False)
            return
        verdict: Verdict = "undecided"
        if found.low is not None and found.high is not None:
            if -self.within < found.low and found.high < self.within:
                verdict = "upheld"
            elif found.low > self.within or found.high < -self.within:
                verdict = "refuted"
        near = None if found.mean is None else abs(found.mean) < self.within
        yield Finding(" = ".join(self.levels), verdict, near, found, self.measure)


class Reaches(AnyClaim):
    """The mean of a level is at least a number, in the measure's own unit (0.92: 92 %).

    Source: the 95 % t interval of the mean over seeds.
    """

    relative: ClassVar[bool] = False
    name: Literal["reaches"] = "reaches"
    level: str
    at_least: float

    def levels_meant(self) -> tuple[str, ...]:
        """Return the level that it speaks of."""
        return (self.level,)

    def sentence(self) -> str:
        """Return the claim in few words."""
        return f"{self.level} >= {self.at_least:g}{_in(self.measure)}"

    def findings(self, outcomes: Outcomes) -> Iterator[Finding]:
        """Compare the level with the number."""
        found = outcomes.value(self.factor, self.level, self.measure)
        if _diverged(outcomes, self.factor, self.level, self.measure):
            yield Finding(self.sentence() + _ALL_DIVERGED, "refuted", False)
            return
        verdict: Verdict = "undecided"
        if found.low is not None and found.low >= self.at_least:
            verdict = "upheld"
        elif found.high is not None and found.high < self.at_least:
            verdict = "refuted"
        direction = None if found.mean is None else found.mean >= self.at_least
        ends = (None if end is None else end - self.at_least for end in found)
        yield Finding(self.sentence(), verdict, direction, Interval(*ends), self.measure)


class Diverges(AnyClaim):
    """Some levels diverge, others train to their end: at each of their seeds.

    Source: the status of each trial.
    """

    name: Literal["diverges"] = "diverges"
    levels: Annotated[tuple[str, ...], Field(min_length=1)]
    others: tuple[str, ...] = ()

    def levels_meant(self) -> tuple[str, ...]:
        """Return the levels that it speaks of."""
        return (*self.levels, *self.others)

    def sentence(self) -> str:
        """Return the claim in few words."""
        others = f", {', '.join(self.others)} do not" if self.others else ""
        return f"{', '.join(self.levels)} diverge{others}"

    def findings(self, outcomes: Outcomes) -> Iterator[Finding]:
        """Count the trials that diverged."""
        for level in self.levels_meant():
            diverged, ended = outcomes.diverged(self.factor, level)
            expected = ended if level in self.levels else 0
            missed = 0 if level in self.levels else ended
            verdict: Verdict = "undecided"
            if ended:
                verdict = {expected: "upheld", missed: "refuted"}.get(diverged, "undecided")  # type: ignore[assignment]
            direction = None if not ended else abs(diverged - expected) < ended / 2
            yield Finding(f"{level}: {diverged} of {ended} diverged", verdict, direction)


Claim = Annotated[Ordering | Best | Alike | Reaches | Diverges, Field(discriminator="name")]
"""A claim, told apart by its name."""


def verdict(findings: Iterable[Finding]) -> Verdict:
    """Return what findings say together: a claim needs each of them."""
    verdicts = {finding.verdict for finding in findings}
    if "refuted" in verdicts:
        return "refuted"
    return "upheld" if verdicts == {"upheld"} else "undecided"


def _better(
    outcomes: Outcomes, factor: str, pairs: Iterable[tuple[str, str]], measure: str
) -> Iterator[Finding]:
    for level, other in pairs:
        survivor = _survivor(outcomes, factor, level, other, measure)
        if survivor is not None:
            told: Verdict = "upheld" if survivor == level else "refuted"
            yield Finding(f"{level} > {other}{_ALL_DIVERGED}", told, survivor == level)
            continue
        found = outcomes.better(factor, level, other, measure)
        verdict: Verdict = "undecided"
        if found.low is not None and found.low > 0:
            verdict = "upheld"
        elif found.high is not None and found.high < 0:
            verdict = "refuted"
        direction = None if found.mean is None else found.mean > 0
        yield Finding(f"{level} > {other}", verdict, direction, found, measure)


def _survivor(outcomes: Outcomes, factor: str, level: str, other: str, measure: str) -> str | None:
    """Return which of two levels never diverged, where the other did at every seed."""
    for one, gone in ((level, other), (other, level)):
        never = outcomes.diverged(factor, one)[0] == 0 < outcomes.diverged(factor, one)[1]
        if never and _diverged(outcomes, factor, gone, measure):
            return one
    return None


def _diverged(outcomes: Outcomes, factor: str, level: str, measure: str) -> bool:
    """Whether a level diverged at each of at least two seeds: no number of its predictions counts.

    What it took, its seconds say, is another matter.
    """
    diverged, ended = outcomes.diverged(factor, level)
    return 1 < ended == diverged and (measure == "loss" or measure in registry("metric"))


def _in(measure: str) -> str:
    return "" if measure == "accuracy" else f" in {measure.replace('_', ' ')}"

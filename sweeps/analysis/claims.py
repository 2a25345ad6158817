"""What a study's trials say to its claims: upheld, refuted, or undecided at this n."""

import math
from collections.abc import Iterable

import pandas as pd

from cifar_models.component import Frozen
from search_spaces.claims import Claim, Finding, Interval, Verdict, verdict
from sweeps.analysis import guards
from sweeps.analysis.quantity import Quantity, find_quantity
from sweeps.analysis.significance import Comparison, compare


class Found(Frozen):
    """One comparison of a claim, its paired difference or mean, and what came of it."""

    text: str
    verdict: Verdict
    direction: bool | None = None
    measure: str = ""
    mean: float | None = None
    low: float | None = None
    high: float | None = None


class Judgement(Frozen):
    """A claim, and what the trials say to it."""

    claim: str
    verdict: Verdict
    findings: tuple[Found, ...]
    relative: bool = True
    """Whether the claim only orders levels."""

    @property
    def direction(self) -> bool | None:
        """Whether all differences point to where the claim says; None: not all are known."""
        directions = [found.direction for found in self.findings]
        if False in directions:
            return False
        return None if None in directions or not directions else True


class TrialOutcomes:
    """`Outcomes` over the trials of an ablation, paired by seed.

    A metric is that on test images, where the trials were evaluated on them, else on validation
    images. Without all seeds there is no interval, as in the ablation table.

    Args:
        trials: rows of role ``ablation``, one a (factor, level, seed).
    """

    def __init__(self, trials: pd.DataFrame) -> None:
        self._trials = trials

    def better(self, factor: str, level: str, other: str, measure: str) -> Interval:
        """Return by how much a level is better than another, in a measure."""
        quantity = self._quantity(measure)
        sides = [self._values(factor, name, quantity) for name in (level, other)]
        found = self._whole(compare(*sides), factor)
        if quantity.measure.higher_is_better:
            return _interval(found.difference, found.low, found.high)
        return _interval(-found.difference, -found.high, -found.low)

    def value(self, factor: str, level: str, measure: str) -> Interval:
        """Return the mean of a level in a measure, and its interval."""
        values = self._values(factor, level, self._quantity(measure))
        found = self._whole(compare(values, values * 0.0), factor)
        return _interval(found.difference, found.low, found.high)

    def diverged(self, factor: str, level: str) -> tuple[int, int]:
        """Return how many trials of a level have diverged, and how many have ended."""
        status = self._cells(factor, level)["status"]
        return int((status == "diverged").sum()), int(status.isin(guards.ENDED).sum())

    def whole(self, factor: str, levels: Iterable[str]) -> bool:
        """Whether levels have a trial that ended for each seed."""
        seeds = self._seeds(factor)
        return all(self.diverged(factor, level)[1] == seeds for level in levels)

    def _quantity(self, measure: str) -> Quantity:
        quantity = find_quantity(measure)
        if quantity.column == f"test/{measure}" and quantity.of(self._trials).isna().all():
            return find_quantity(f"validation_{measure}")
        return quantity

    def _values(self, factor: str, level: str, quantity: Quantity) -> "pd.Series[float]":
        done = guards.finished(self._cells(factor, level))
        return quantity.of(done).set_axis(done["seed"])

    def _whole(self, found: Comparison, factor: str) -> Comparison:
        if found.pairs < self._seeds(factor):
            return Comparison(found.pairs, found.difference)
        return found

    def _cells(self, factor: str, level: str) -> pd.DataFrame:
        return self._trials[(self._trials["factor"] == factor) & (self._trials["level"] == level)]

    def _seeds(self, factor: str) -> int:
        return int(self._trials.loc[self._trials["factor"] == factor, "seed"].nunique())


def judge(claims: Iterable[Claim], trials: pd.DataFrame) -> tuple[Judgement, ...]:
    """Judge each claim by the trials of a study.

    A claim is undecided while a trial of its levels has neither finished nor diverged.

    Args:
        claims: those of the study.
        trials: the trials frame; only rows of role ``ablation`` count.
    """
    outcomes = TrialOutcomes(trials[trials["role"] == "ablation"])
    return tuple(_judged(claim, outcomes) for claim in claims)


def _judged(claim: Claim, outcomes: TrialOutcomes) -> Judgement:
    findings = list(claim.findings(outcomes))
    whole = outcomes.whole(claim.factor, claim.levels_meant())
    return Judgement(
        claim=claim.sentence(),
        verdict=verdict(findings) if whole else "undecided",
        findings=tuple(map(_found, findings)),
        relative=claim.relative,
    )


def _found(finding: Finding) -> Found:
    mean, low, high = finding.found
    return Found(
        text=finding.text,
        verdict=finding.verdict,
        direction=finding.direction,
        measure=finding.measure,
        mean=mean,
        low=low,
        high=high,
    )


def _interval(mean: float, low: float, high: float) -> Interval:
    ends = (None if math.isnan(number) else number for number in (mean, low, high))
    return Interval(*ends)

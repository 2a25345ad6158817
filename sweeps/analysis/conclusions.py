"""The reports' own conclusions: do their printed differences stand out of the noise of a seed?"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from search_spaces.claims import Claim, Finding, Interval
from sweeps.analysis.claims import Found, Judgement
from sweeps.analysis.quantity import find_quantity
from sweeps.analysis.reproduction import Reproduction
from sweeps.analysis.seed_noise import Noise

Fate = Literal[
    "larger", "within", "between", "against", "apart", "alike", "unclear",
    "unprinted", "unmeasured", "no difference",
]  # fmt: skip
DIFFER: tuple[Fate, ...] = ("larger", "within", "between", "against")
"""Of claims that one variant is better than another."""
RESEMBLE: tuple[Fate, ...] = ("apart", "alike", "unclear")
"""Of claims that two variants are alike."""
WORDS: dict[Fate, str] = {
    "larger": "larger than seed noise",
    "within": "within seed noise",
    "between": "not judged: above the smallest noise on record, not above the largest",
    "against": "printed the other way",
    "apart": "larger than seed noise: not alike",
    "alike": "within seed noise: neither shown nor refuted",
    "unclear": "not judged: above the smallest noise on record, not above the largest",
    "unprinted": "not judged: no numbers printed",
    "unmeasured": "not judged: no measurement of the noise",
    "no difference": "not judged: no difference between variants",
}
_WEIGHTIEST: tuple[Fate, ...] = (
    "against", "within", "between", "unprinted", "unmeasured", "no difference", "larger", *RESEMBLE,
)  # fmt: skip


@dataclass(frozen=True)
class Examined:
    """One comparison of a claim: what was printed, and what became of it here.

    Attributes:
        text: what is compared.
        measure: in which quantity.
        printed: by how much the first was better in print; None: not printed.
        noise: of the seed in that quantity, if it is known.
        fate: what the one says beside the other.
        ours: the same comparison of a study that was run again.
    """

    text: str
    measure: str
    printed: float | None
    noise: Noise | None
    fate: Fate
    ours: Found | None = None


@dataclass(frozen=True)
class Conclusion:
    """A claim of a published study, examined."""

    study: str
    where: str
    claim: str
    examined: tuple[Examined, ...]
    again: Reproduction | None = None
    """The study run again, if it was."""
    judgement: Judgement | None = None
    """What that says to the claim."""

    @property
    def fate(self) -> Fate:
        """Return that of its weightiest comparison: a claim needs each of them."""
        fates = {one.fate for one in self.examined}
        return next(fate for fate in _WEIGHTIEST if fate in fates)


class PrintedOutcomes:
    """`Outcomes` over printed numbers: differences without an interval, nothing of divergence."""

    def __init__(self, printed: Mapping[str, Mapping[str, float]]) -> None:
        self._printed = printed

    def better(self, factor: str, level: str, other: str, measure: str) -> Interval:
        """Return by how much a level was better than another in print."""
        one, two = (self._printed.get(name, {}).get(measure) for name in (level, other))
        if one is None or two is None:
            return Interval(None)
        higher = find_quantity(measure).measure.higher_is_better
        return Interval(one - two if higher else two - one)

    def value(self, factor: str, level: str, measure: str) -> Interval:
        """Return the printed number of a level."""
        return Interval(self._printed.get(level, {}).get(measure))

    def diverged(self, factor: str, level: str) -> tuple[int, int]:
        """Return that nothing is known."""
        return 0, 0


def examine(
    claim: Claim,
    printed: Mapping[str, Mapping[str, float]],
    noise: Noise | None,
    ours: Judgement | None,
) -> Iterator[Examined]:
    """Put each comparison of a claim beside the noise of a seed.

    Args:
        claim: of a study.
        printed: numbers by level and measure.
        noise: of the seed, in what the claim compares.
        ours: the claim's judgement where the study was run again.
    """
    findings = list(claim.findings(PrintedOutcomes(printed)))
    again = ours.findings if ours else [None] * len(findings)
    for finding, found in zip(findings, again, strict=True):
        fate = _fate(claim, finding, noise)
        difference = None if fate == "no difference" else finding.found.mean
        text = finding.text if finding.measure else claim.sentence()
        yield Examined(text, claim.measure, difference, noise, fate, found)


def _fate(claim: Claim, finding: Finding, noise: Noise | None) -> Fate:
    """Say what a printed difference is beside the noise."""
    if len(claim.levels_meant()) == 1 or not finding.measure:
        return "no difference"
    difference = finding.found.mean
    if difference is None:
        return "unprinted"
    if noise is None:
        return "unmeasured"
    low, high = noise.detectable
    place = (abs(difference) > low) + (abs(difference) > high)
    if not claim.relative:
        return ("alike", "unclear", "apart")[place]
    return ("within", "between", "against" if difference < 0 else "larger")[place]

"""Seeds in groups: as many as it takes, by a rule that is fixed before the first is trained."""

from itertools import pairwise
from typing import Literal, Self, get_args

from pydantic import model_validator

from cifar_models.component import Frozen

AUTO = "auto"
FORMS = "a number or a list such as 0,10,20, or auto (auto:4,8,16 for looks of one's own)"
"""How seeds are written."""


Rule = Literal[
    "paired t tests on validation images; over all looks and comparisons about 0.05 for normally "
    "distributed differences, one such level for differences (two-sided) and one for equality: "
    "Lan-DeMets spending of O'Brien-Fleming type, Holm's method"
]


class SequentialSeeds(Frozen):
    """Looks at a study while it runs; what is decided at one gets no more seeds.

    It is written ``"auto"``, or ``"auto:4,8,16"`` with looks of one's own.
    """

    looks: tuple[int, ...] = (7, 10, 14, 20)
    """The number of seeds at each look, the most last. A first look at fewer than a third finds
    next to nothing: the level is spent late."""
    rule: Rule = get_args(Rule)[0]
    """When a comparison is decided, in words: what is registered says it."""

    @model_validator(mode="after")
    def _apart(self) -> Self:
        steps = [after - before for before, after in pairwise((0, *self.looks))]
        few = not 2 <= len(self.looks) <= 4
        if few or self.looks[0] < 2 or min(steps) * 10 < self.looks[-1]:
            raise ValueError(
                "looks must be two to four increasing numbers of seeds, the first at least 2, each "
                f"at least a tenth of the last more than the one before, got {self.looks}"
            )
        return self

    @classmethod
    def read(cls, text: str) -> Self:
        """Read ``auto`` or ``auto:4,8,16``.

        Raises:
            ValueError: It is neither.
        """
        word, _, numbers = text.partition(":")
        try:
            looks = tuple(map(int, numbers.split(","))) if numbers else None
        except ValueError:
            looks = ()
        if word != AUTO or looks == () or text == f"{AUTO}:":
            raise ValueError(f"seeds want {FORMS}; got {text!r}")
        return cls() if looks is None else cls(looks=looks)

"""Variance by source: a design that lets one use of chance at a time vary with the seed."""

from collections.abc import Mapping
from typing import Literal

from cifar_models.fixed_streams import PURPOSES, Purpose
from cifar_models.recipe import Recipe
from search_spaces.designs import Arm, Design
from search_spaces.factors import Factor

Source = Literal["split", Purpose]
SOURCES: Mapping[str, str] = {"split": "split", **PURPOSES}

FIXED_SEED = 0
"""What everything draws from that does not vary."""
ALL, NONE = "all", "none"


class VarianceBySource(Design):
    """Each source of variation in turn varies with the seed, all others stay fixed at seed 0.

    Beside them all at once, and none: what is left then is not chance, but the machine's. Spreads
    are compared, not means: those depend on what the others are fixed at.

    Source: Bouthillier et al. 2021 (arXiv:2103.03098), section 2.
    """

    name: Literal["variance_by_source"] = "variance_by_source"
    sources: tuple[Source, ...] = ("split", "init", "order", "augment")
    """Those that get an arm; the others vary in `all` alone."""

    @property
    def needs_factors(self) -> bool:
        """Whether the arms follow from factors: no, from the sources."""
        return False

    def arms(self, base: Recipe, factors: tuple[Factor, ...]) -> tuple[Arm, ...]:
        """Return an arm for all sources, each of them, and none; whatever the base fixes.

        Raises:
            ValueError: There are factors.
        """
        if factors:
            raise ValueError("the design variance_by_source varies what the seed does: no factors")
        recipes = {
            ALL: base.replace({"split.seed": "trial", "fixed_streams": {}}),
            **{SOURCES[source]: _varying(base, source) for source in self.sources},
            NONE: _varying(base),
        }
        return tuple(
            Arm(factor="source", level=level, recipe=recipe, baseline=level == ALL)
            for level, recipe in recipes.items()
        )


def _varying(base: Recipe, *sources: Source) -> Recipe:
    """Return the recipe in which these alone vary with the seed."""
    fixed = {purpose: FIXED_SEED for purpose in PURPOSES if purpose not in sources}
    split = "trial" if "split" in sources else FIXED_SEED
    return base.replace({"split.seed": split, "fixed_streams": fixed})

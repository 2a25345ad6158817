"""Designs: how the arms of an ablation follow from a base recipe and its factors."""

import itertools
from abc import abstractmethod
from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import Field

from cifar_models.component import Component, Frozen
from cifar_models.recipe import Recipe
from search_spaces.factors import Factor, Level
from search_spaces.quasi_random import points
from search_spaces.space import Space

BASE_LEVEL = "(base)"
"""Names the level of a base recipe that is none of a factor's own levels."""


class Arm(Frozen):
    """A level of a factor as a recipe: one row of the ablation table."""

    factor: str
    level: str
    recipe: Recipe
    baseline: bool
    """Whether the other levels of its factor are compared with this one."""
    nuisance: Space = Field(default_factory=dict)
    """What is tuned for it before it is compared, by a design that does so."""

    def candidates(self, number: int) -> tuple[Recipe, ...]:
        """Return what is tried when it is tuned: itself as written, then points of its ranges.

        They are distinct; ranges that hold fewer give fewer.

        Raises:
            ValueError: A point does not give a valid recipe.
        """
        places = points(self.nuisance, number)  # one more, should one be what is written
        tried = [self.recipe, *(_changed(self.recipe, place, self.level) for place in places)]
        return tuple({recipe.signature: recipe for recipe in tried}.values())[:number]


class Design(Component, kind="design"):
    """A rule that turns factors into arms."""

    @property
    def tuning_trials(self) -> int:
        """How many candidates of each arm are tried before it is compared."""
        return 0

    @property
    def crosses(self) -> bool:
        """Whether factors are varied together, so that one can ask how they interact."""
        return False

    @property
    def needs_factors(self) -> bool:
        """Whether the arms follow from factors; without any there is one arm."""
        return True

    @abstractmethod
    def arms(self, base: Recipe, factors: tuple[Factor, ...]) -> tuple[Arm, ...]:
        """Return the arms, each factor with exactly one baseline.

        Arms of equal recipes are the same variant and are trained once.

        Raises:
            ValueError: A level does not give a valid recipe.
        """


class OneFactor(Design):
    """Each factor in turn, all others as in the base recipe.

    Source: one-factor-at-a-time design; Montgomery, Design and Analysis of Experiments, ch. 1.
    """

    name: Literal["one_factor"] = "one_factor"

    def arms(self, base: Recipe, factors: tuple[Factor, ...]) -> tuple[Arm, ...]:
        """Return every level of every factor; the base recipe is each factor's baseline."""
        return tuple(arm for f in factors for arm in _compared_with(base, f.name, _levels(base, f)))


class TunedOneFactor(Design):
    """Each factor in turn, and each of its levels tuned by itself before they are compared.

    Every level tries as many candidates of its nuisance parameters, for as many epochs; the best on
    validation data trains again on fresh seeds. A level that was never tuned loses to one that was
    for no reason of its own: Choi et al. 2019 (arXiv:1910.05446), section 4.

    Source: Sivaprasad et al. 2020 (arXiv:1910.11758), section 3: equal budgets of tuning.
    """

    name: Literal["tuned_one_factor"] = "tuned_one_factor"
    trials: Annotated[int, Field(gt=1, le=1024)] = 8
    """Candidates of each level; the first is the level as it is written."""

    @property
    def tuning_trials(self) -> int:
        """How many candidates of each arm are tried before it is compared."""
        return self.trials

    def arms(self, base: Recipe, factors: tuple[Factor, ...]) -> tuple[Arm, ...]:
        """Return every level of every factor as written, each with its nuisance parameters.

        Raises:
            ValueError: A level has nothing to tune; or a base recipe that is none of a factor's
                levels would be compared with them untuned.
        """
        nuisance = {(f.name, level.name): level.nuisance for f in factors for level in f.levels}
        for (factor, level), space in nuisance.items():
            if not space:
                raise ValueError(
                    f"{factor} {level} has nothing to tune: give its factor nuisance={{...}}, or "
                    "the level as tuned(...), or take the design one_factor"
                )
        arms = OneFactor().arms(base, factors)
        for arm in arms:
            if (arm.factor, arm.level) not in nuisance:
                raise ValueError(
                    f"factor {arm.factor}: none of its levels is the base recipe, which would be "
                    "compared with them untuned; make it one of them"
                )
        return tuple(
            arm.model_copy(update={"nuisance": nuisance[arm.factor, arm.level]}) for arm in arms
        )


class Factorial(Design):
    """Every combination of the levels of all factors.

    Source: full factorial design; Montgomery, Design and Analysis of Experiments, ch. 5.
    """

    name: Literal["factorial"] = "factorial"

    @property
    def crosses(self) -> bool:
        """Whether factors are varied together: yes."""
        return True

    def arms(self, base: Recipe, factors: tuple[Factor, ...]) -> tuple[Arm, ...]:
        """Return one factor, named after all, with a level for each combination."""
        if not factors:
            return ()
        cells = {}
        for levels in itertools.product(*(f.levels for f in factors)):
            names = [level.name for level in levels]
            cells[" x ".join(names)] = _changed(base, _merged(levels), *names)
        return _compared_with(base, " x ".join(f.name for f in factors), cells)


class LeaveOneOut(Design):
    """All parts together, and all but each: what is lost without one.

    A factor is a part with one level, which adds it to the base recipe.

    Source: ablation in the sense of Newell 1975, section 3; leave-one-component-out (LOCO).
    """

    name: Literal["leave_one_out"] = "leave_one_out"

    def arms(self, base: Recipe, factors: tuple[Factor, ...]) -> tuple[Arm, ...]:
        """Return one factor: the baseline has all parts, each other level lacks one."""
        parts = _parts(factors)
        everything = _with(base, parts)
        cells = {"all": everything} | {
            f"without {out.name}": _with(base, [part for part in parts if part is not out])
            for out in parts
        }
        return _compared_with(everything, "parts", cells)


class Cumulative(Design):
    """The base recipe, and one part after another added to it: what each adds on top.

    A factor is a part with one level. The order of the factors matters where parts interact.

    Source: cumulative or stacked ablation, as in He et al. 2019 (arXiv:1812.01187), table 6.
    """

    name: Literal["cumulative"] = "cumulative"

    def arms(self, base: Recipe, factors: tuple[Factor, ...]) -> tuple[Arm, ...]:
        """Return one factor: the baseline has no part, each later level one more."""
        parts = _parts(factors)
        cells = {BASE_LEVEL: base} | {
            f"+ {part.name}": _with(base, parts[: number + 1]) for number, part in enumerate(parts)
        }
        return _compared_with(base, "parts", cells)


def _parts(factors: tuple[Factor, ...]) -> list[Level]:
    """Return the only level of each factor, by the factor's name.

    Raises:
        ValueError: One has several.
    """
    for factor in factors:
        if len(factor.levels) > 1:
            raise ValueError(
                f"factor {factor.name!r} has {len(factor.levels)} levels: a part that is added or "
                "left out has one, that of the recipe with it"
            )
    return [Level(name=f.name, changes=f.levels[0].changes) for f in factors]


def _with(base: Recipe, parts: list[Level]) -> Recipe:
    return _changed(base, _merged(parts), *(part.name for part in parts))


def _merged(levels: Iterable[Level]) -> dict[str, Any]:
    """Return the changes of several levels, in their order.

    Raises:
        ValueError: One would undo another: ``model`` after ``model.activation``, or twice the same.
    """
    merged: dict[str, Any] = {}
    for level in levels:
        undone = [
            (path, other)
            for path in level.changes
            for other in merged
            if f"{other}.".startswith(f"{path}.")
        ]
        for path, other in undone:
            raise ValueError(
                f"level {level.name} changes {path!r} and would undo another factor's change of "
                f"{other!r}: put both into one factor, or the wider path first"
            )
        merged |= level.changes
    return merged


def _levels(base: Recipe, factor: Factor) -> dict[str, Recipe]:
    return {level.name: _changed(base, level.changes, level.name) for level in factor.levels}


def _changed(base: Recipe, changes: dict[str, Any], *levels: str) -> Recipe:
    try:
        return base.replace(changes)
    except ValueError as error:
        raise ValueError(f"level {', '.join(levels)}: {error}") from None


def _compared_with(base: Recipe, factor: str, cells: dict[str, Recipe]) -> tuple[Arm, ...]:
    """Mark the level that is the base recipe as the baseline, and add it when it is missing."""
    if base.signature not in {recipe.signature for recipe in cells.values()}:
        cells = {BASE_LEVEL: base} | cells
    baseline = next(name for name, recipe in cells.items() if recipe.signature == base.signature)
    return tuple(
        Arm(factor=factor, level=name, recipe=recipe, baseline=name == baseline)
        for name, recipe in cells.items()
    )

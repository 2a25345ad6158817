"""Designs: how the arms of an ablation follow from a base recipe and its factors."""

import itertools
from abc import abstractmethod
from collections.abc import Iterable
from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from cifar_models.component import Component, Frozen
from cifar_models.recipe import Recipe, plain

BASE_LEVEL = "(base)"
"""Names the level of a base recipe that is none of a factor's own levels."""


class Level(Frozen):
    """One choice of a factor: what it changes in the base recipe, path by path."""

    name: str
    changes: dict[str, Any]

    @field_validator("changes", mode="before")
    @classmethod
    def _plain(cls, changes: dict[str, Any]) -> dict[str, Any]:
        """Take components and tuples as what YAML holds of them."""
        return {path: plain(value) for path, value in changes.items()}


class Factor(Frozen):
    """What is varied, and its levels."""

    name: str
    levels: Annotated[tuple[Level, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        names = [level.name for level in self.levels]
        if len(set(names)) < len(names):
            raise ValueError(
                f"levels of factor {self.name!r} need distinct names, got {', '.join(names)}; "
                "give names by keywords"
            )
        return self


def factor(name: str, path: str, *values: Any, **labelled: Any) -> Factor:
    """Return a factor that changes one path of the recipe.

    Positional values are named by themselves (a component by its name); keywords give names.
    """
    named = [(_name(value), value) for value in values] + list(labelled.items())
    return Factor(
        name=name,
        levels=tuple(Level(name=label, changes={path: value}) for label, value in named),
    )


class Arm(Frozen):
    """A level of a factor as a recipe: one row of the ablation table."""

    factor: str
    level: str
    recipe: Recipe
    baseline: bool
    """Whether the other levels of its factor are compared with this one."""


class Design(Component, kind="design"):
    """A rule that turns factors into arms."""

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


class Factorial(Design):
    """Every combination of the levels of all factors.

    Source: full factorial design; Montgomery, Design and Analysis of Experiments, ch. 5.
    """

    name: Literal["factorial"] = "factorial"

    def arms(self, base: Recipe, factors: tuple[Factor, ...]) -> tuple[Arm, ...]:
        """Return one factor, named after all, with a level for each combination."""
        if not factors:
            return ()
        cells = {}
        for levels in itertools.product(*(f.levels for f in factors)):
            changes = _merged(levels)
            cells[" x ".join(level.name for level in levels)] = _changed(base, changes, *levels)
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
    return _changed(base, _merged(parts), *parts)


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
    return {level.name: _changed(base, level.changes, level) for level in factor.levels}


def _changed(base: Recipe, changes: dict[str, Any], *levels: Level) -> Recipe:
    try:
        return base.replace(changes)
    except ValueError as error:
        names = ", ".join(level.name for level in levels)
        raise ValueError(f"level {names}: {error}") from None


def _compared_with(base: Recipe, factor: str, cells: dict[str, Recipe]) -> tuple[Arm, ...]:
    """Mark the level that is the base recipe as the baseline, and add it when it is missing."""
    if base.signature not in {recipe.signature for recipe in cells.values()}:
        cells = {BASE_LEVEL: base} | cells
    baseline = next(name for name, recipe in cells.items() if recipe.signature == base.signature)
    return tuple(
        Arm(factor=factor, level=name, recipe=recipe, baseline=name == baseline)
        for name, recipe in cells.items()
    )


def _name(value: Any) -> str:
    return value.name if isinstance(value, Component) else str(value)

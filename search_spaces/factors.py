"""Factors: what a study varies, and the levels of each."""

from typing import Annotated, Any, Self

from pydantic import Field, field_validator, model_validator

from cifar_models.component import Component, Frozen
from cifar_models.recipe import plain
from search_spaces.space import Option, Space


class Level(Frozen):
    """One choice of a factor: what it changes in the base recipe, path by path."""

    name: str
    changes: dict[str, Any]
    nuisance: Space = Field(default_factory=dict)
    """What a design that tunes levels searches for this one, by paths of the recipe."""

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

    def with_nuisance(self, space: Space) -> Self:
        """Return the factor with nuisance parameters for each of its levels, besides their own."""
        levels = tuple(
            level.model_copy(update={"nuisance": level.nuisance | space}) for level in self.levels
        )
        return self.model_copy(update={"levels": levels})


def factor(name: str, path: str, *values: Any, **labelled: Any) -> Factor:
    """Return a factor that changes one path of the recipe.

    Positional values are named by themselves (a component by its name); keywords give names. The
    fields that a `tuned` component searches are its level's nuisance parameters.
    """
    named = [(_name(value), value) for value in values] + list(labelled.items())
    return Factor(name=name, levels=tuple(_level(label, path, value) for label, value in named))


def _level(label: str, path: str, value: Any) -> Level:
    match value:
        case Option():
            within = {f"{path}.{field}": domain for field, domain in value.space.items()}
            return Level(name=label, changes={path: value.value}, nuisance=within)
        case _:
            return Level(name=label, changes={path: value})


def _name(value: Any) -> str:
    match value:
        case Option():
            return value.label
        case Component():
            return value.name
        case _:
            return str(value)

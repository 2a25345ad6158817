"""Where a recipe lies in a space: the inverse of `search_spaces.space.sample`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cifar_models.ranges import IntRange, Scalar
from cifar_models.recipe import Recipe
from search_spaces.space import Choice, Interval, Option, Space, sample


def locate(space: Space, base: Recipe, point: dict[str, Any]) -> dict[str, Scalar]:
    """Return the parameters of a point, by which `sample` gives it again.

    Args:
        space: Its branches are found by what they make of the recipe, whatever they are called.
        base: Has all that the space does not search, and what the point leaves out.
        point: Paths of the recipe with plain values or components, as `sample` returns them.

    Raises:
        ValueError: The space does not hold it, or no recipe comes of it.
    """
    wanted = base.replace(point)
    parameters = _located(space, wanted, "", "")
    found = base.replace(sample(space, _Settled(parameters)))
    if found.signature != wanted.signature:
        told, searched = wanted.to_plain(), found.to_plain()
        fields = [name for name in told if told[name] != searched.get(name)]
        raise ValueError(f"changes {', '.join(fields)} in a way that the space does not search")
    return parameters


def _located(space: Space, wanted: Recipe, at: str, prefix: str) -> dict[str, Scalar]:
    """Return the parameters of what a space searches below a path of the recipe."""
    parameters: dict[str, Scalar] = {}
    paths = [f"{at}{path}" for path in space]
    for path, domain in space.items():
        full, name = f"{at}{path}", f"{prefix}{path}"
        match domain:
            case Choice():
                inside = [other for other in paths if other.startswith(f"{full}.")]
                parameters |= _branch(domain, wanted, full, name, inside)
            case _:
                parameters[name] = _inside(domain, full, wanted.value(full))
    return parameters


def _branch(
    choice: Choice, wanted: Recipe, path: str, name: str, inside: Sequence[str]
) -> dict[str, Scalar]:
    """Return the first option that gives what the recipe has at a path, and its parameters.

    ``inside`` are paths within, which the space changes besides: there an option need not agree.
    """
    value = wanted.value(path)
    reasons = []
    for option in choice.options:
        try:
            inner = _located(option.space, wanted, f"{path}.", f"{name}.{option.label}.")
        except ValueError as error:
            reasons += [str(error)] if _alike(option, value) else []
            continue
        parameters = {name: option.label} | inner
        changes = {path: choice.suggest(_Settled(parameters), name)}
        if _gives(wanted, changes | {other: wanted.value(other) for other in inside}):
            return parameters
    labels = ", ".join(option.label for option in choice.options)
    settings = " with these settings" if any(_alike(o, value) for o in choice.options) else ""
    none = f"{path} = {_short(value)} is none of {labels}{settings}"
    raise ValueError(next(iter(reasons), none))


def _alike(option: Option, value: Any) -> bool:
    """Whether an option has the recipe's component, if perhaps with other settings."""
    match option.value, value:
        case {"name": one}, {"name": other}:
            return bool(one == other)
    return False


def _gives(wanted: Recipe, changes: dict[str, Any]) -> bool:
    try:
        return wanted.replace(changes).signature == wanted.signature
    except ValueError:
        return False


def _inside(domain: Interval, path: str, value: Any) -> Scalar:
    low, high = domain.low, domain.high
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not low <= value <= high:
        raise ValueError(f"{path} = {_short(value)} lies outside [{low:g}, {high:g}]")
    return int(value) if isinstance(domain, IntRange) else float(value)


def _short(value: Any) -> str:
    return str(value.get("name", value)) if isinstance(value, dict) else str(value)


@dataclass(frozen=True)
class _Settled:
    """Suggests what is settled already."""

    parameters: dict[str, Scalar]

    def suggest_float(self, name: str, low: float, high: float, *, log: bool = False) -> Any:
        return self.parameters[name]

    def suggest_int(self, name: str, low: int, high: int, *, log: bool = False) -> Any:
        return self.parameters[name]

    def suggest_categorical(self, name: str, choices: Sequence[Scalar]) -> Any:
        return self.parameters[name]

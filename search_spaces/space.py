"""A search space: recipe paths with ranges and choices, a choice carrying a space of its own.

::

    SPACE = {
        "batch_size": choice(64, 128, 256),
        "optimizer": choice(tuned(SGD(nesterov=True), "lr"), tuned(Adam(), "lr", "weight_decay")),
        "model.activation": choice("relu", "mish"),
    }

The parameters of this space are ``batch_size``, ``optimizer``, ``optimizer.sgd.lr``,
``optimizer.adam.lr``, ...: names follow from paths and labels alone, so that a study can be
extended later. Only the parameters of the branch that was chosen are asked for.
"""

import copy
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from cifar_models.component import Component, Frozen, nearest
from cifar_models.ranges import IntRange, LogRange, Range, Scalar, Suggest
from cifar_models.recipe import assign, plain

Interval = Range | LogRange | IntRange


class Option(Frozen):
    """One branch of a choice: a label, a plain value, and what is searched inside that value."""

    label: str
    value: Any
    space: "Space" = Field(default_factory=dict)


class Choice(Frozen):
    """One of several options, told apart by their labels."""

    options: Annotated[tuple[Option, ...], Field(min_length=1)]
    type: Literal["choice"] = "choice"

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        labels = [option.label for option in self.options]
        if len(set(labels)) < len(labels):
            raise ValueError(f"options of a choice need distinct labels, got {', '.join(labels)}")
        return self

    def suggest(self, trial: Suggest, name: str) -> Any:
        """Draw a branch, then what that branch searches; return the branch's plain value."""
        label = trial.suggest_categorical(name, [option.label for option in self.options])
        option = next(option for option in self.options if option.label == label)
        value = copy.deepcopy(option.value)
        for path, domain in option.space.items():
            assign(value, path, domain.suggest(trial, f"{name}.{label}.{path}"))
        return value


Domain = Annotated[Range | LogRange | IntRange | Choice, Field(discriminator="type")]
Space = dict[str, Domain]
Option.model_rebuild()
Choice.model_rebuild()


def choice(*values: Any, **labelled: Any) -> Choice:
    """Return a choice of plain values, components, names of components, or `tuned` components.

    Positional values are labelled by themselves (a component by its name); keywords give labels.
    """
    options = [_option(value) for value in values]
    options += [_option(value).model_copy(update={"label": k}) for k, value in labelled.items()]
    return Choice(options=tuple(options))


def tuned(component: Component, *fields: str, **ranges: Interval | Choice) -> Option:
    """Return a branch that searches some of a component's fields.

    Args:
        component: Gives all that is not searched.
        fields: Searched over the usual range that the component's class states.
        ranges: Searched over a range given here.

    Raises:
        ValueError: A field does not exist, or states no usual range.
    """
    for name in ranges:
        _field(type(component), name)
    space = {name: usual_range(type(component), name) for name in fields} | ranges
    return Option(label=component.name, value=plain(component), space=space)


def usual_range(component: type[Component], name: str) -> Interval:
    """Return the range beside a field of a component's class.

    Raises:
        ValueError: There is no such field, or no range beside it.
    """
    for note in _field(component, name).metadata:
        if isinstance(note, Interval):
            return note
    raise ValueError(f"{component.__name__}.{name} states no usual range; give one: {name}=...")


def sample(space: Space, trial: Suggest) -> dict[str, Any]:
    """Draw a point: recipe paths with plain values, ready for ``Recipe.replace``."""
    return {path: domain.suggest(trial, path) for path, domain in space.items()}


def branches(space: Space, taken: str = "", prefix: str = "") -> Iterator[tuple[str, list[str]]]:
    """Yield each branch with the names of its parameters.

    First "" with those that every point has, then, such as ``optimizer=sgd``, each option that
    carries a space of its own.
    """
    named = {f"{prefix}{path}": domain for path, domain in space.items()}
    yield taken, list(named)
    for name, domain in named.items():
        match domain:
            case Choice():
                for option in domain.options:
                    if option.space:
                        inner = f"{name}.{option.label}."
                        yield from branches(option.space, f"{name}={option.label}", inner)


def probes(space: Space) -> Iterator[dict[str, Any]]:
    """Yield few points that together take every option of every choice, ranges in their middle.

    (An option inside an option is taken when both have one place in their lists.)
    """
    most = max((_options(domain) for domain in space.values()), default=1)
    for place in range(most):
        yield sample(space, _Probe(place))


@dataclass(frozen=True)
class _Probe:
    """Suggests the middle of every range, and one place of every list of options."""

    place: int

    def suggest_float(self, name: str, low: float, high: float, *, log: bool = False) -> float:
        return math.sqrt(low * high) if log else (low + high) / 2

    def suggest_int(self, name: str, low: int, high: int, *, log: bool = False) -> int:
        return round(self.suggest_float(name, low, high, log=log))

    def suggest_categorical(self, name: str, choices: Sequence[Scalar]) -> Any:
        return choices[min(self.place, len(choices) - 1)]


def _options(domain: Interval | Choice) -> int:
    match domain:
        case Choice():
            inner = [_options(d) for option in domain.options for d in option.space.values()]
            return max([len(domain.options), *inner])
        case _:
            return 1


def _field(component: type[Component], name: str) -> Any:
    fields = component.model_fields
    if name not in fields:
        raise ValueError(f"{component.__name__} has no {name!r}: {nearest(name, fields)}")
    return fields[name]


def _option(value: Any) -> Option:
    match value:
        case Option():
            return value
        case Component():
            return Option(label=value.name, value=plain(value))
        case _:
            return Option(label=str(value), value=plain(value))

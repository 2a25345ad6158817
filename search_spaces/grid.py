"""Every point of a space of choices, a choice's own sub-space included."""

import itertools
import math
from collections.abc import Iterator

from cifar_models.ranges import IntRange, LogRange, Range, Scalar
from search_spaces.space import Choice, Interval, Space


def grid(space: Space, prefix: str = "") -> Iterator[dict[str, Scalar]]:
    """Yield every point as parameters by name: those of the branches that it takes.

    Raises:
        ValueError: There is a continuous range.
    """
    settings = [list(_settings(domain, f"{prefix}{path}")) for path, domain in space.items()]
    for parts in itertools.product(*settings):
        yield {name: value for part in parts for name, value in part.items()}


def grid_size(space: Space, prefix: str = "") -> int:
    """Return how many points there are, without making them.

    Raises:
        ValueError: There is a continuous range.
    """
    return math.prod(_count(domain, f"{prefix}{path}") for path, domain in space.items())


def _settings(domain: Interval | Choice, name: str) -> Iterator[dict[str, Scalar]]:
    match domain:
        case Choice():
            for option in domain.options:
                for inner in grid(option.space, f"{name}.{option.label}."):
                    yield {name: option.label, **inner}
        case IntRange():
            for value in range(domain.low, domain.high + 1):
                yield {name: value}
        case _:
            raise _continuous(name, domain)


def _count(domain: Interval | Choice, name: str) -> int:
    match domain:
        case Choice():
            options = domain.options
            return sum(grid_size(option.space, f"{name}.{option.label}.") for option in options)
        case IntRange():
            return domain.high - domain.low + 1
        case _:
            raise _continuous(name, domain)


def _continuous(name: str, domain: Range | LogRange) -> ValueError:
    return ValueError(
        f"a grid has no points in the continuous range [{domain.low:g}, {domain.high:g}] of "
        f"{name}: give a choice, such as choice({domain.low:g}, {domain.high:g}), or another "
        "sampler"
    )

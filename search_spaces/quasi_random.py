"""Points that fill a space evenly: they follow from their number alone.

They depend on no result, on no timing and on no number of workers, and more of them only add to
those before; so levels that are tuned with them are given the same chances, and a study that is
stopped goes on as if it had not been.
"""

import math
from collections.abc import Iterable, Sequence
from typing import Any

from cifar_models.ranges import Scalar
from search_spaces.space import Space, sample

_DIMENSIONS = 32
"""More than a space asks for at once; those left over cost nothing."""


def points(space: Space, number: int) -> list[dict[str, Any]]:
    """Return the first points of a space: recipe paths with plain values.

    The sequence of Halton (1960, Numer. Math. 2, 84) without the corner at which it begins; its
    dimensions are the parameters in the order in which the space asks for them. Better than random
    points or a grid for tuning: Bousquet et al. 2017 (arXiv:1706.03200).
    """
    from scipy.stats.qmc import Halton  # half a second

    places = Halton(_DIMENSIONS, scramble=False).fast_forward(1).random(number)
    return [sample(space, _Point(place)) for place in places]


class _Point:
    """Suggests what lies at one place of the unit cube, dimension after dimension."""

    def __init__(self, place: Iterable[float]) -> None:
        self._coordinates = iter(place)

    def suggest_float(self, name: str, low: float, high: float, *, log: bool = False) -> float:
        along = float(next(self._coordinates))
        return low * (high / low) ** along if log else low + along * (high - low)

    def suggest_int(self, name: str, low: int, high: int, *, log: bool = False) -> int:
        return math.floor(self.suggest_float(name, low, high + 1, log=log))

    def suggest_categorical(self, name: str, choices: Sequence[Scalar]) -> Any:
        return choices[int(next(self._coordinates) * len(choices))]

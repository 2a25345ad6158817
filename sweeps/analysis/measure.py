"""What a table compares, and how its numbers are written."""

import math
from dataclasses import dataclass

HOLE = "\N{EN DASH}"
MINUS = "\N{MINUS SIGN}"


@dataclass(frozen=True)
class Measure:
    """One measured quantity; its columns in ``trials`` are ``validation/<name>``, ``test/<name>``.

    Attributes:
        name: last part of the column names.
        title: how prose calls it.
        unit: unit of a printed value, "" for none.
        difference_unit: unit of a printed difference, "" for none.
        scale: printed value = stored value x scale.
        decimals: digits after the decimal point.
        higher_is_better: direction of improvement.
    """

    name: str
    title: str
    unit: str = ""
    difference_unit: str = ""
    scale: float = 1.0
    decimals: int = 4
    higher_is_better: bool = True

    def text(self, value: float) -> str:
        """Write a value, or a dash for a hole."""
        if math.isnan(value):
            return HOLE
        return f"{value * self.scale:.{self.decimals}f}".replace("-", MINUS)

    def signed(self, difference: float) -> str:
        """Write a difference with its sign, or a dash for a hole."""
        if math.isnan(difference):
            return HOLE
        return f"{difference * self.scale:+.{self.decimals}f}".replace("-", MINUS)


def _percentage(name: str, title: str) -> Measure:
    return Measure(name, title, unit="%", difference_unit="points", scale=100.0, decimals=2)


MEASURES = {
    measure.name: measure
    for measure in (
        _percentage("accuracy", "accuracy"),
        _percentage("macro_f1", "macro F1"),
        Measure("loss", "loss", higher_is_better=False),
    )
}


def find_measure(name: str) -> Measure:
    """Look a measure up by name.

    Raises:
        ValueError: there is none of that name.
    """
    if name not in MEASURES:
        raise ValueError(f"no table can be made of {name!r}: choose one of {', '.join(MEASURES)}")
    return MEASURES[name]

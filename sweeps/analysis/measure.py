"""What a table compares, and how its numbers are written."""

import math
from dataclasses import dataclass, replace

from cifar_models.component import registry
from cifar_models.metrics import Metric

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
        assumed: the direction is not known, but taken for granted.
    """

    name: str
    title: str
    unit: str = ""
    difference_unit: str = ""
    scale: float = 1.0
    decimals: int = 4
    higher_is_better: bool = True
    assumed: bool = False

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


def find_measure(name: str) -> Measure:
    """Describe a measure: ``loss``, or a metric as its class says.

    The class of a user's own metric is known only where the study's file was loaded; elsewhere its
    values are plain numbers, and ``assumed`` is set.
    """
    plain = Measure(name, name.replace("_", " "))
    if name == "loss":
        return replace(plain, higher_is_better=False)
    if name not in registry("metric"):
        return replace(plain, assumed=True)
    metric = registry("metric")[name]
    assert issubclass(metric, Metric)
    named = replace(
        plain, title=metric.title or plain.title, higher_is_better=metric.higher_is_better
    )
    if not metric.percent:
        return named
    return replace(named, unit="%", difference_unit="points", scale=100.0, decimals=2)

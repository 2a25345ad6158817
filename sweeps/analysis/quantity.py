"""The quantities that reports print and claims compare: where they stand in the trials frame."""

from dataclasses import dataclass, replace

import pandas as pd

from cifar_models.component import registry
from cifar_models.costs import Cost
from sweeps.analysis.measure import Measure, find_measure

_FACTS = {
    "seconds": Measure("seconds", "time", "s", "s", decimals=1, higher_is_better=False),
    "parameters": Measure("parameters", "parameters", decimals=0, higher_is_better=False),
}
_ELSEWHERE = ("validation", "train")


@dataclass(frozen=True)
class Quantity:
    """A number of a trial.

    Attributes:
        name: as a report's numbers call it: ``macro_f1``, ``validation_loss``, ``seconds``.
        column: of the trials frame.
        measure: how it is written, and which direction is better.
    """

    name: str
    column: str
    measure: Measure

    def of(self, trials: pd.DataFrame) -> "pd.Series[float]":
        """Return it of every trial, holes where it was not measured."""
        if self.column not in trials:
            return pd.Series(float("nan"), index=trials.index, dtype=float)
        return trials[self.column].astype(float)


def find_quantity(name: str) -> Quantity:
    """Describe a quantity; a metric without a split before it is that on test images."""
    if name in _FACTS:
        return Quantity(name, name, _FACTS[name])
    split, _, rest = name.partition("_")
    if split in _ELSEWHERE and _is_measured(rest):
        measure = find_measure(rest)
        named = replace(measure, name=name, title=f"{split} {measure.title}")
        return Quantity(name, f"{split}/{rest}", named)
    if _is_measured(name):
        return Quantity(name, f"test/{name}", find_measure(name))
    cost = replace(find_measure(name), decimals=1, higher_is_better=_higher_is_better(name))
    return Quantity(name, name, cost)


def of_validation(name: str) -> Quantity:
    """Describe a quantity; a metric is that on validation images."""
    return find_quantity(f"validation_{name}" if _is_measured(name) else name)


def _higher_is_better(column: str) -> bool:
    """Return a cost's direction; less is better of what nobody here knows."""
    costs = registry("cost").items()
    known = [cost for name, cost in costs if column == name or column.startswith(f"{name}_")]
    return any(issubclass(cost, Cost) and cost.higher_is_better for cost in known)


def _is_measured(name: str) -> bool:
    """Whether every evaluation gives it; what is left are costs, each a column of its own."""
    return name == "loss" or name in registry("metric")

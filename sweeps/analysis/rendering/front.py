"""A Pareto front as lines of text."""

from collections.abc import Sequence

import pandas as pd

from cifar_models.costs import Cost
from sweeps.analysis.measure import HOLE
from sweeps.analysis.quantity import of_validation


def front_lines(front: pd.DataFrame, objectives: Sequence[str], costs: Sequence[Cost]) -> list[str]:
    """Write a front in columns, what each trial was suggested at the end of its line.

    Args:
        front: of `sweeps.analysis.pareto.front`.
        objectives: their names.
        costs: those of the study, which say how they are written.
    """
    known = {cost.column: cost for cost in costs}
    columns = {name: of_validation(name).column for name in objectives}
    cells = {"trial": ["trial", *front["trial"].astype(str)]}
    for name, column in columns.items():
        head, values = _written(name, front[column].tolist(), known.get(name))
        width = max(map(len, [head, *values]))
        cells[name] = [text.rjust(width) for text in [head, *values]]
    width = max(map(len, cells["trial"]))
    cells["trial"] = [text.ljust(width) for text in cells["trial"]]
    suggested = front.drop(columns=["trial", *columns.values()])
    cells[""] = ["suggested", *(_suggested(row) for _, row in suggested.iterrows())]
    return ["  ".join(row).rstrip() for row in zip(*cells.values(), strict=True)]


def _written(name: str, values: Sequence[float], cost: Cost | None) -> tuple[str, list[str]]:
    """Return the head of a column, and its values as text."""
    if cost is None:
        measure = of_validation(name).measure
        head, unit = measure.title, measure.unit
        whole = measure.decimals == 0
        texts = [f"{value:,.0f}" if whole else measure.text(value) for value in values]
    else:
        head, unit = cost.title, cost.unit
        texts = [f"{value * cost.scale:,.4g}" for value in values]
    return f"{head} ({unit})" if unit else head, texts


def _suggested(row: "pd.Series[float]") -> str:
    """Write the parameters of a trial, those of other branches left out."""
    told = [
        f"{name}={value:.3g}" if isinstance(value, float) else f"{name}={value}"
        for name, value in row.dropna().items()
    ]
    return " ".join(told) or HOLE

"""A table by two of its factors: the levels of one in rows, those of the other in columns."""

import itertools
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from cifar_models.component import nearest
from sweeps.analysis.two_way import CROSS


@dataclass(frozen=True)
class Wide:
    """Which level of a factorial design stands in which cell.

    Attributes:
        rows: name of the factor in rows.
        columns: name of the one in columns.
        row_levels: its levels, in the order of the study.
        column_levels: those of the other.
        factor: what the trials call all factors together.
        grids: a grid for each combination of levels of the other factors, named by it ("" where
            there are none): what the trials call its levels, of shape (rows, columns).
    """

    rows: str
    columns: str
    row_levels: tuple[str, ...]
    column_levels: tuple[str, ...]
    factor: str
    grids: Mapping[str, tuple[tuple[str, ...], ...]]


def lay_wide(factors: Mapping[str, Sequence[str]], rows: str, columns: str) -> Wide:
    """Place the levels of a factorial design.

    Args:
        factors: levels by factor, in the order in which the design crosses them.
        rows: the factor in rows.
        columns: the one in columns.

    Raises:
        ValueError: there is no such factor, or both are one.
    """
    for option, name in (("--rows", rows), ("--cols", columns)):
        if name not in factors:
            known = nearest(name, factors)
            raise ValueError(f"{option}: the study has no factor {name!r}: {known}")
    if rows == columns:
        raise ValueError(f"--rows and --cols want two factors, got {rows!r} twice")
    others = {name: levels for name, levels in factors.items() if name not in (rows, columns)}
    grids = {}
    for chosen in itertools.product(*others.values()):
        fixed = dict(zip(others, chosen, strict=True))
        grids[", ".join(f"{name} {level}" for name, level in fixed.items())] = tuple(
            tuple(
                CROSS.join((fixed | {rows: row, columns: column})[name] for name in factors)
                for column in factors[columns]
            )
            for row in factors[rows]
        )
    return Wide(
        rows, columns, tuple(factors[rows]), tuple(factors[columns]), CROSS.join(factors), grids
    )


def wide_frame(frame: pd.DataFrame, wide: Wide, split: str) -> pd.DataFrame:
    """Return a table's numbers with a row for each level in rows.

    Args:
        frame: ``Table.frame``.
        wide: which level stands where.
        split: whose means are taken.

    Returns:
        A column ``grid`` where there are other factors, one named after the factor in rows, and for
        each level in columns ``<level>_mean``, ``<level>_sd``, ``<level>_n`` (completed seeds) and
        ``<level>_best``.
    """
    known = frame[frame["factor"] == wide.factor].set_index("level")
    taken = {f"{split}_mean": "mean", f"{split}_sd": "sd", "completed": "n", "best": "best"}
    told: list[dict[Hashable, object]] = []
    for grid, names in wide.grids.items():
        for row, levels in zip(wide.row_levels, names, strict=True):
            line: dict[Hashable, object] = {"grid": grid} if grid else {}
            line[wide.rows] = row
            for column, level in zip(wide.column_levels, levels, strict=True):
                numbers = known.loc[level, list(taken)].rename(taken)
                line |= numbers.add_prefix(f"{column}_").to_dict()
            told.append(line)
    return pd.DataFrame(told)


def beside(frame: pd.DataFrame, wide: Wide) -> pd.DataFrame:
    """Return the rows of ``Table.frame`` that have no cell: a base recipe of levels of its own."""
    placed = [level for grid in wide.grids.values() for row in grid for level in row]
    return frame[~frame["level"].isin(placed)]

"""Results that somebody has already, in a CSV file, as the trials frame that tables are made of.

A row is a training: ``variant``, ``seed`` and a number. What else a column may say: ``factor``,
``baseline``, ``split``, ``budget`` (epochs), ``status``, ``parameters``, ``seconds``, ``run``.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from sweeps.analysis.measure import find_measure
from sweeps.analysis.own_rows import SPLITS, Row, find_metric, read_lines, read_row

WITHOUT_FACTOR = "variant"
"""Name of the factor where the file names none."""


@dataclass(frozen=True)
class OwnResults:
    """What a file holds.

    Attributes:
        trials: the trials frame.
        metric: name of the measure; its columns are ``validation/<metric>``, ``test/<metric>``.
        notes: what was taken for granted, a sentence each.
    """

    trials: pd.DataFrame
    metric: str
    notes: tuple[str, ...]


def read_results(path: Path, metric: str | None = None, baseline: str | None = None) -> OwnResults:
    """Read a file.

    Args:
        path: a CSV file with a head.
        metric: the column of the measure; by default the only one that is not known.
        baseline: the variant that others are compared with; by default as the column ``baseline``
            says, else the first of each factor.

    Raises:
        ValueError: it cannot be read, or makes no sense; the sentence names line and column.
    """
    head, lines = read_lines(path)
    metric = find_metric(path, head, metric)
    rows = [read_row(path, number, row, metric) for number, row in lines]
    if not rows:
        raise ValueError(f"{path.name} has no line below its head")
    _refuse_twice(path, rows)
    percent = _percent(path, rows)
    notes = [] if "split" in head else [f"{path.name} names no split: values are taken as test."]
    rows, assumed = _with_baseline(path, _spread(rows), "baseline" in head, baseline)
    frame = pd.DataFrame(_trials(path, rows, metric))
    scaled = _as_fractions(path, frame, metric, percent)
    return OwnResults(frame, metric, (*notes, *assumed, *scaled))


def _refuse_twice(path: Path, rows: Iterable[Row]) -> None:
    """See that a variant has a seed once on each split."""
    seen: dict[tuple[object, ...], int] = {}
    for row in rows:
        key = (row.factor, row.variant, row.seed, row.split)
        if key in seen:
            raise ValueError(
                f"{path.name}, line {row.line}: {row.variant} has seed {row.seed} already in line "
                f"{seen[key]}: keep one training a seed"
            )
        seen[key] = row.line


def _percent(path: Path, rows: Iterable[Row]) -> bool:
    """Return whether values are written with the sign of percent: all of them, or none."""
    measured = [row for row in rows if not math.isnan(row.value)]
    with_sign = [row.line for row in measured if row.percent]
    without = [row.line for row in measured if not row.percent]
    if with_sign and without:
        raise ValueError(
            f"{path.name}: line {with_sign[0]} is in %, line {without[0]} is not: write all values "
            "alike"
        )
    return bool(with_sign)


def _spread(rows: list[Row]) -> list[Row]:
    """Give what names no factor to all factors that there are."""
    factors = list(dict.fromkeys(row.factor for row in rows if row.factor)) or [WITHOUT_FACTOR]
    return [
        replace(row, factor=factor)
        for factor in factors
        for row in rows
        if row.factor in ("", factor)
    ]


def _with_baseline(
    path: Path, rows: list[Row], marked: bool, baseline: str | None
) -> tuple[list[Row], list[str]]:
    """Mark the baseline of each factor, and say what was taken for one."""
    chosen, notes = {}, []
    for factor in dict.fromkeys(row.factor for row in rows):
        variants = list(dict.fromkeys(row.variant for row in rows if row.factor == factor))
        flagged = list(
            dict.fromkeys(row.variant for row in rows if row.factor == factor and row.baseline)
        )
        if baseline is not None and baseline not in variants:
            raise ValueError(
                f"--baseline {baseline}: {path.name} has no such variant of {factor} (it has: "
                f"{', '.join(variants)})"
            )
        if baseline is None and marked and len(flagged) != 1:
            raise ValueError(
                f"{path.name}: {factor} needs one baseline, found {', '.join(flagged) or 'none'}"
            )
        chosen[factor] = baseline or (flagged[0] if marked else variants[0])
        if baseline is None and not marked:
            notes.append(f"No baseline of {factor} was named: the first, {variants[0]}, is taken.")
    changed = [replace(row, baseline=row.variant == chosen[row.factor]) for row in rows]
    return changed, notes


def _trials(path: Path, rows: list[Row], metric: str) -> list[dict[str, object]]:
    """Return the rows of the trials frame: the splits of one training beside each other."""
    shared = {(r.variant, r.seed, r.line) for r in rows}
    several = len(shared) < len(rows)  # the rows without a factor, which serve all
    columns = [f"{split}/{name}" for split in SPLITS for name in ("macro_f1", metric)]
    cells: dict[tuple[str, str, int], dict[str, object]] = {}
    trainings = _trainings(path, rows)
    for row in rows:
        told = trainings[row.factor, row.variant, row.seed]
        own = not (several and row.baseline)
        variant = f"{row.factor}={row.variant}" if own else row.variant
        cell = cells.setdefault(
            (row.factor, row.variant, row.seed),
            {
                "trial": f"{variant} seed {row.seed}", "role": "ablation", "variant": variant,
                "factor": row.factor, "level": row.variant, "baseline": row.baseline,
                "seed": row.seed, "status": row.status,
                "run_id": told.get("run", f"{path.name}:{row.line}"),
                "epochs": told.get("budget", 0), "planned_epochs": told.get("budget", 0),
                "parameters": told.get("parameters", math.nan),
                "seconds": told.get("seconds", math.nan),
                "torch": None, "device": None,
                **dict.fromkeys(columns, math.nan),
            },
        )  # fmt: skip
        cell[f"{row.split}/{metric}"] = row.value
    return list(cells.values())


def _trainings(
    path: Path, rows: Iterable[Row]
) -> dict[tuple[str, str, int], dict[str, str | float]]:
    """Return what the lines of each training, one a split, say of it as a whole: the same."""
    trainings: dict[tuple[str, str, int], dict[str, str | float]] = {}
    for row in rows:
        known = trainings.setdefault((row.factor, row.variant, row.seed), {})
        for name, value in row.told.items():
            if known.setdefault(name, value) != value:
                raise ValueError(
                    f"{path.name}, line {row.line}: {row.variant} seed {row.seed} has {name} "
                    f"{_word(value)} on {row.split} and {_word(known[name])} before: one training "
                    f"has one {name}"
                )
    return trainings


def _word(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:g}"


def _as_fractions(path: Path, frame: pd.DataFrame, metric: str, percent: bool) -> list[str]:
    """Take for percent what is written so, and values above 1 of a measure that is a fraction."""
    columns = [f"{split}/{metric}" for split in SPLITS]
    largest = frame[columns].max().max()
    if find_measure(metric).unit != "%" or not (percent or largest > 1):
        return []
    if largest > 100 or frame[columns].min().min() < 0:
        raise ValueError(f"{path.name}: {metric} must be a fraction or percent, found {largest:g}")
    frame[columns] /= 100
    return [] if percent else [f"{metric} above 1 was read as percent."]

"""Results that somebody has already, in a CSV file, as the trials frame that tables are made of.

A row is a training: ``variant``, ``seed`` and a number. What else a column may say: ``factor``,
``baseline``, ``split``, ``budget`` (epochs), ``status``, ``parameters``, ``seconds``, ``run``.
"""

import csv
import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from sweeps.analysis.measure import find_measure

SPLITS = ("validation", "test")
STATUSES = ("finished", "stopped", "diverged", "out_of_memory", "failed", "missing", "running")
KNOWN = (
    *("variant", "seed", "factor", "baseline", "split", "budget", "status"),
    *("parameters", "seconds", "run"),
)
WITHOUT_FACTOR = "variant"
"""Name of the factor where the file names none."""
_TRUE = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False, "": False}
_HOLES = {"", "nan", "na", "n/a", "none", "null", "-"}


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


@dataclass(frozen=True)
class _Row:
    """A line of the file, its words read."""

    line: int
    factor: str
    variant: str
    seed: int
    split: str
    status: str
    baseline: bool
    value: float
    numbers: dict[str, float]
    run: str


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
    head, lines = _lines(path)
    metric = _metric(path, head, metric)
    rows = [_read(path, number, row, metric) for number, row in lines]
    if not rows:
        raise ValueError(f"{path.name} has no line below its head")
    _refuse_twice(path, rows)
    notes = [] if "split" in head else [f"{path.name} names no split: values are taken as test."]
    rows, assumed = _with_baseline(path, _spread(rows), "baseline" in head, baseline)
    frame = pd.DataFrame(_trials(path, rows, metric))
    scaled = _as_fractions(path, frame, metric)
    return OwnResults(frame, metric, (*notes, *assumed, *scaled))


def _lines(path: Path) -> tuple[list[str], list[tuple[int, dict[str, str]]]]:
    """Return the head of a file, and its rows by the number of their line."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file)
            head = [name.strip() for name in next(reader, [])]
            found = []
            for cells in reader:
                if any(cell.strip() for cell in cells):
                    if len(cells) != len(head):
                        raise ValueError(
                            f"{path.name}, line {reader.line_num}: {len(cells)} cells under "
                            f"{len(head)} heads"
                        )
                    words = (cell.strip() for cell in cells)
                    found.append((reader.line_num, dict(zip(head, words, strict=True))))
    except OSError as error:
        raise ValueError(f"cannot read {path}: {error.strerror}") from None
    except (UnicodeDecodeError, csv.Error):
        raise ValueError(f"{path} is no CSV file in UTF-8") from None
    return head, found


def _metric(path: Path, head: list[str], metric: str | None) -> str:
    """Choose the column of the measure, after seeing that the needed columns are there."""
    twice = sorted({name for name in head if head.count(name) > 1})
    if twice:
        raise ValueError(f"{path.name} has the column {twice[0]} twice")
    for name in ("variant", "seed", *([metric] if metric else [])):
        if name not in head:
            raise ValueError(
                f"{path.name} has no column {name} (it has: {', '.join(head) or 'none'}); needed "
                "are variant, seed, and one of numbers"
            )
    if metric is not None:
        return metric
    others = [name for name in head if name not in KNOWN]
    if len(others) != 1:
        found = f"it could be {', '.join(others)}" if others else "there is no column for it"
        raise ValueError(f"{path.name}: which column is measured? {found}; say --metric NAME")
    return others[0]


def _read(path: Path, number: int, row: dict[str, str], metric: str) -> _Row:
    """Read the words of one line."""
    where = f"{path.name}, line {number}"
    if not row["variant"]:
        raise ValueError(f"{where}: no variant")
    status = row.get("status", "").lower().replace(" ", "_") or "finished"
    split = row.get("split", "").lower() or "test"
    flag = row.get("baseline", "").lower()
    for name, word, known in (
        ("status", status, STATUSES),
        ("split", split, SPLITS),
        ("baseline", flag, tuple(_TRUE)),
    ):
        if word not in known:
            raise ValueError(
                f"{where}: {name} {word!r} is none of {', '.join(filter(None, known))}"
            )
    value = _number(where, metric, row[metric])
    if status == "finished" and math.isnan(value):
        raise ValueError(
            f"{where}: a finished training without {metric}; say what became of it in a column "
            "status: diverged, failed, missing ..."
        )
    numbers = {
        name: _number(where, name, row.get(name, ""))
        for name in ("budget", "parameters", "seconds")
    }
    return _Row(
        number, row.get("factor", ""), row["variant"], _seed(where, row["seed"]), split, status,
        _TRUE[flag], value, numbers, row.get("run") or f"{path.name}:{number}",
    )  # fmt: skip


def _number(where: str, column: str, text: str) -> float:
    if text.lower() in _HOLES:
        return math.nan
    try:
        value = float(text.removesuffix("%"))
    except ValueError:
        raise ValueError(
            f"{where}: {column} {text!r} is no number; leave it empty where nothing was measured"
        ) from None
    if not math.isfinite(value):
        raise ValueError(f"{where}: {column} is {text}: such a training has diverged; say so")
    return value


def _seed(where: str, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ValueError(f"{where}: seed {text!r} is no whole number") from None


def _refuse_twice(path: Path, rows: Iterable[_Row]) -> None:
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


def _spread(rows: list[_Row]) -> list[_Row]:
    """Give what names no factor to all factors that there are."""
    factors = list(dict.fromkeys(row.factor for row in rows if row.factor)) or [WITHOUT_FACTOR]
    return [
        replace(row, factor=factor)
        for factor in factors
        for row in rows
        if row.factor in ("", factor)
    ]


def _with_baseline(
    path: Path, rows: list[_Row], marked: bool, baseline: str | None
) -> tuple[list[_Row], list[str]]:
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


def _trials(path: Path, rows: list[_Row], metric: str) -> list[dict[str, object]]:
    """Return the rows of the trials frame: the splits of one training beside each other."""
    shared = {(r.variant, r.seed, r.line) for r in rows}
    several = len(shared) < len(rows)  # the rows without a factor, which serve all
    columns = [f"{split}/{name}" for split in SPLITS for name in ("macro_f1", metric)]
    cells: dict[tuple[str, str, int], dict[str, object]] = {}
    for row in rows:
        own = not (several and row.baseline)
        variant = f"{row.factor}={row.variant}" if own else row.variant
        budget = row.numbers["budget"]
        cell = cells.setdefault(
            (row.factor, row.variant, row.seed),
            {
                "trial": f"{variant} seed {row.seed}", "role": "ablation", "variant": variant,
                "factor": row.factor, "level": row.variant, "baseline": row.baseline,
                "seed": row.seed, "status": row.status, "run_id": row.run,
                "epochs": 0 if math.isnan(budget) else budget,
                "planned_epochs": 0 if math.isnan(budget) else budget,
                "parameters": row.numbers["parameters"], "seconds": row.numbers["seconds"],
                "torch": None, "device": None,
                **dict.fromkeys(columns, math.nan),
            },
        )  # fmt: skip
        if cell["status"] != row.status:
            raise ValueError(
                f"{path.name}, line {row.line}: {row.variant} seed {row.seed} is {row.status} on "
                f"{row.split} and {cell['status']} before: one training has one end"
            )
        cell[f"{row.split}/{metric}"] = row.value
    return list(cells.values())


def _as_fractions(path: Path, frame: pd.DataFrame, metric: str) -> list[str]:
    """Take values above 1 of a measure that is a fraction for percent."""
    columns = [f"{split}/{metric}" for split in SPLITS]
    largest = frame[columns].max().max()
    if find_measure(metric).unit != "%" or not largest > 1:
        return []
    if largest > 100 or frame[columns].min().min() < 0:
        raise ValueError(f"{path.name}: {metric} must be a fraction or percent, found {largest:g}")
    frame[columns] /= 100
    return [f"{metric} above 1 was read as percent."]

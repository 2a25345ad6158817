"""Which runs stand behind each number of a table, and whether it still follows from them.

A table's evidence is plain data: a cell a (factor, level) with the trials and runs that it was
made of, a hash over their values, and the numbers that were printed.
"""

import hashlib
import json
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from sweeps.analysis.table import Table

FORMAT = 1
CLOSE = 1e-9
"""Relative difference that another version of a library may make in the last digits."""
_NAMES = ("factor", "level")


def evidence(table: Table, trials: pd.DataFrame) -> dict[str, Any]:
    """Return what stands behind each row of a table, as plain data for JSON.

    Args:
        table: the table.
        trials: the frame that it was made from.
    """
    cells = trials[trials["role"] == "ablation"]
    return {
        "format": FORMAT,
        "study": table.study,
        "measure": table.measure.name,
        "split": table.split,
        "cells": [
            _cell(row, cells[(cells["factor"] == row["factor"]) & (cells["level"] == row["level"])])
            for row in table.frame.to_dict("records")
        ],
    }


def _cell(row: Any, trials: pd.DataFrame) -> dict[str, Any]:
    ordered = trials.sort_values(["seed", "trial"])
    return {
        "factor": str(row["factor"]),
        "level": str(row["level"]),
        "seeds": [int(seed) for seed in ordered["seed"]],
        "trials": [str(trial) for trial in ordered["trial"]],
        "runs": [None if pd.isna(run) else str(run) for run in ordered["run_id"]],
        "values": _hash(ordered),
        "numbers": {str(name): _plain(value) for name, value in row.items() if name not in _NAMES},
    }


def _hash(trials: pd.DataFrame) -> str:
    """Hash the seed, the end and all measured values of some trials, at full precision."""
    measured = sorted(
        str(name) for name in trials if str(name).startswith(("validation/", "test/"))
    )
    columns = ["trial", "seed", "status", "epochs", *measured]
    rows = [[_plain(value) for value in row] for row in trials[columns].to_numpy(dtype=object)]
    return hashlib.sha256(json.dumps([columns, rows]).encode()).hexdigest()


def _plain(value: Any) -> Any:
    """Return a value as JSON has it; a hole is null."""
    if value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value)):
        return None
    return value.item() if isinstance(value, np.generic) else value


def broken(kept: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """Return a sentence for each cell of the kept evidence that no longer follows.

    Args:
        kept: the evidence that was written with a table.
        now: that of a table made anew from the record.
    """
    if kept["format"] != FORMAT:
        return [f"it is of format {kept['format']}, this version reads {FORMAT}: make it anew"]
    said = [
        f"the table's {name} was {kept[name]}, the record's is {now[name]}"
        for name in ("study", "measure", "split")
        if kept[name] != now[name]
    ]
    current = {_key(cell): cell for cell in now["cells"]}
    for cell in kept["cells"]:
        if _key(cell) not in current:
            said.append(f"{_named(cell)}: the record has no such level")
        else:
            said += _changed(cell, current[_key(cell)])
    known = {_key(cell) for cell in kept["cells"]}
    fresh = [cell for cell in now["cells"] if _key(cell) not in known]
    return said + [f"{_named(cell)}: on record, but not in the table" for cell in fresh]


def _changed(kept: dict[str, Any], now: dict[str, Any]) -> Iterator[str]:
    """Yield what is not as it was in one cell: its trials, their values, the numbers."""
    name = _named(kept)
    for word in ("trials", "runs"):
        gone = [of for of in kept[word] if of not in now[word]]
        added = [of for of in now[word] if of not in kept[word]]
        if gone or added:
            yield f"{name}: made from other {word} than the record has now{_listed(gone, added)}"
            return
    if kept["seeds"] != now["seeds"]:
        yield f"{name}: its trials stand at other seeds than the table says"
    if kept["values"] != now["values"]:
        yield f"{name}: the values of its runs have changed since the table was made"
    yield from differing(name, kept["numbers"], now["numbers"])


def differing(name: str, kept: dict[str, Any], now: dict[str, Any]) -> Iterator[str]:
    """Yield a sentence for each number of a cell that is not the one that its runs give."""
    for column, value in kept.items():
        if column in now and not _equal(value, now[column]):
            yield f"{name}, {column}: the table says {value}, its runs give {now[column]}"


def _equal(one: Any, other: Any) -> bool:
    numbers = (int, float)
    if isinstance(one, numbers) and isinstance(other, numbers):
        return math.isclose(one, other, rel_tol=CLOSE, abs_tol=1e-12)
    return bool(one == other)


def strays(trials: pd.DataFrame) -> list[str]:
    """Return a sentence for each trial that stands in a cell which is not its own.

    Args:
        trials: the trials frame, with the ``signature`` and ``trained_seed`` that the run itself
            has; without them nothing can be said.
    """
    own = {"signature": "variant", "trained_seed": "seed"}
    said = []
    for column, claimed in own.items():
        if column in trials:
            known = trials[(trials["role"] == "ablation") & trials[column].notna()]
            wrong = known[known[column].astype(str) != known[claimed].astype(str)]
            said += [
                f"{row['factor']}={row['level']} seed {row['seed']}: its trial {row['trial']} was "
                f"trained with {claimed} {row[column]}, not {row[claimed]}"
                for row in wrong.to_dict("records")
            ]
    return said


def _key(cell: dict[str, Any]) -> tuple[str, str]:
    return cell["factor"], cell["level"]


def _named(cell: dict[str, Any]) -> str:
    return f"{cell['factor']}={cell['level']}"


def _listed(gone: list[str], added: list[str]) -> str:
    """Name what went and what came."""
    parts = [
        f"{len(which)} {word}, {which[0]} first" for word, which in (("gone", gone), ("new", added))
        if which
    ]  # fmt: skip
    return f" ({'; '.join(parts)})"

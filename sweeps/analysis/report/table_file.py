"""A table as a file of its own, and beside it what stands behind its numbers."""

import hashlib
import json
from pathlib import Path

import pandas as pd

from sweeps.analysis.report.evidence import evidence
from sweeps.analysis.table import Table


def write_table(table: Table, trials: pd.DataFrame, text: str, path: Path) -> list[Path]:
    """Write a table alone, and beside it what stands behind each of its numbers.

    Args:
        table: the table.
        trials: the frame that it was made from.
        text: the table, written.
        path: of its file; ``table.tex`` gets ``table.runs.json`` beside it.

    Raises:
        ValueError: they cannot be written.
    """
    hashes = {path.name: hashlib.sha256(text.encode()).hexdigest()}
    behind = json.dumps(evidence(table, trials) | {"files": hashes}, indent=1) + "\n"
    return [write_text(text, path), write_text(behind, runs_beside(path))]


def runs_beside(path: Path) -> Path:
    """Return where the evidence of a table lies that was written alone."""
    return path.with_suffix(".runs.json")


def write_text(text: str, path: Path, *, make_folder: bool = False) -> Path:
    """Write a text, and return its path.

    Raises:
        ValueError: it cannot be written.
    """
    try:
        if make_folder:
            path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ValueError(f"cannot write {path}: {error.strerror}") from None
    return path

"""The lines of a CSV file of results, their words read: a line a training on one split."""

import csv
import math
from dataclasses import dataclass
from pathlib import Path

from sweeps.analysis.guards import PENDING

SPLITS = ("validation", "test")
STATUSES = (
    *("finished", "stopped", "timed_out", "diverged", "out_of_memory", "impossible", "failed"),
    *PENDING,
)
KNOWN = (
    *("variant", "seed", "factor", "baseline", "split", "budget", "status"),
    *("parameters", "seconds", "run"),
)
_TRUE = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False, "": False}
_HOLES = {"", "nan", "na", "n/a", "none", "null", "-"}


@dataclass(frozen=True)
class Row:
    """A line of the file, its words read; ``percent``: its value is written with the sign."""

    line: int
    factor: str
    variant: str
    seed: int
    split: str
    status: str
    baseline: bool
    value: float
    percent: bool
    numbers: dict[str, float]
    run: str

    @property
    def told(self) -> dict[str, str | float]:
        """What the line says of its training as a whole."""
        known = {name: value for name, value in self.numbers.items() if not math.isnan(value)}
        return {"status": self.status, **({"run": self.run} if self.run else {}), **known}


def read_lines(path: Path) -> tuple[list[str], list[tuple[int, dict[str, str]]]]:
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


def find_metric(path: Path, head: list[str], metric: str | None) -> str:
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


def read_row(path: Path, number: int, row: dict[str, str], metric: str) -> Row:
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
    value = _number(where, metric, row[metric].removesuffix("%"))
    if status == "finished" and math.isnan(value):
        raise ValueError(
            f"{where}: a finished training without {metric}; say what became of it in a column "
            "status: diverged, failed, missing ..."
        )
    numbers = {
        name: _number(where, name, row.get(name, ""))
        for name in ("budget", "parameters", "seconds")
    }
    return Row(
        number, row.get("factor", ""), row["variant"], _seed(where, row["seed"]), split, status,
        _TRUE[flag], value, row[metric].endswith("%"), numbers, row.get("run", ""),
    )  # fmt: skip


def _number(where: str, column: str, text: str) -> float:
    if text.lower() in _HOLES:
        return math.nan
    try:
        value = float(text)
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

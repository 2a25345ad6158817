"""Whether what was written still follows from the record: sentences that name what does not."""

import csv
import hashlib
import html
import itertools
import json
import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

from sweeps.analysis.rendering import render
from sweeps.analysis.report.evidence import broken, differing, evidence, strays
from sweeps.analysis.report.figures import pictures
from sweeps.analysis.report.files import EVIDENCE, REPORT, TABLES
from sweeps.analysis.report.material import Material
from sweeps.analysis.report.page import page
from sweeps.analysis.report.table_file import runs_beside

_EMBEDDED = re.compile(r'<script type="application/json" id="evidence">(.*?)</script>', re.S)
_UNSEEN = re.compile(
    r'<(style|script)\b.*?</\1>|<section aria-labelledby="again">.*?</section>', re.S
)
"""What of a page holds no number: its looks, and the commands, which may have run elsewhere."""
_DRAWN = re.compile(r"<svg\b.*?</svg>", re.S)
_LETTERED = re.compile(r"<text\b[^>]*>(.*?)</text>", re.S)


def check_folder(material: Material, folder: Path) -> list[str]:
    """Compare a study's written files with what its record gives now.

    Raises:
        ValueError: nothing was written there, or it cannot be read.
    """
    kept = _read(folder / EVIDENCE, json.loads)
    now = evidence(material.table, material.trials)
    said = [*strays(material.trials), *broken(kept, now)]
    said += _changed_csv(folder / TABLES["csv"], kept, now)
    said += _changed_files(material, folder, kept.get("files", {}))
    if (folder / REPORT).exists():
        said += [f"{REPORT}{found}" for found in _changed_page(material, folder / REPORT, now)]
    return list(dict.fromkeys(said))


def check_page(material: Material, path: Path) -> list[str]:
    """Compare a report, or a table that was written alone, with what its study's record gives now.

    Raises:
        ValueError: it cannot be read, or is neither.
    """
    now = evidence(material.table, material.trials)
    text = _text(path)
    if _EMBEDDED.search(text) is None and runs_beside(path).exists():
        kept = _read(runs_beside(path), json.loads)
        if _hash(text) != kept.get("files", {}).get(path.name):
            return [f"{path.name} was changed after it was made"]
        return [*strays(material.trials), *broken(kept, now)]
    changed = [f"{path.name}{found}" for found in _changed_page(material, path, now)]
    return [*strays(material.trials), *changed]


def _changed_page(material: Material, path: Path, now: dict[str, Any]) -> Iterator[str]:
    """Yield, as ends of sentences, what of a page no longer follows, else what is not as made."""
    kept = broken(_read(path, _embedded), now)
    yield from (f": {found}" for found in kept)
    if kept:
        return
    text = path.read_text(encoding="utf-8")
    here, there = _shown(text), _shown(page(material, list(pictures(material))))
    if here == there:
        return
    for kind, *(first, last, start, end) in SequenceMatcher(None, here, there).get_opcodes():
        if kind != "equal":
            pairs = itertools.zip_longest(here[first:last], there[start:end], fillvalue="")
            for found, right in pairs:
                if _plain(found) != _plain(right):
                    found, right = _plain(found), _plain(right)
                yield f"{_levels(material, right)}: {_words(found, right)}"


def _shown(text: str) -> list[str]:
    """Return the lines of a page that say something; of its drawings the letters only."""
    text = _UNSEEN.sub("", text)
    text = _DRAWN.sub(lambda drawn: "\n".join(_LETTERED.findall(drawn[0])), text)
    return [line.strip() for line in text.splitlines() if line.strip()]


def _plain(line: str) -> str:
    """Return the words of a line of HTML."""
    return html.unescape(re.sub("<[^>]*>", " ", line)).strip()


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ValueError(
            f"cannot read {path}: {error.strerror}; write it first: sweeps run, or sweeps report"
        ) from None


def _read(path: Path, parse: Any) -> dict[str, Any]:
    text = _text(path)
    try:
        found: dict[str, Any] = parse(text)
        found["format"], found["cells"]
    except (ValueError, KeyError, TypeError):
        raise ValueError(f"{path} does not say which runs its numbers come from") from None
    return found


def _embedded(text: str) -> Any:
    """Return the evidence that a page holds."""
    found = _EMBEDDED.search(text)
    if found is None:
        raise ValueError
    return json.loads(found[1])


def _changed_csv(path: Path, kept: dict[str, Any], now: dict[str, Any]) -> Iterator[str]:
    """Yield a sentence for each number of the CSV file that is not the one its runs give."""
    if not path.exists():
        return
    with path.open(encoding="utf-8", newline="") as file:
        rows = {(row["factor"], row["level"]): row for row in csv.DictReader(file)}
    current = {(cell["factor"], cell["level"]): cell["numbers"] for cell in now["cells"]}
    for cell in kept["cells"]:
        key = (cell["factor"], cell["level"])
        name = f"{path.name}, {'='.join(key)}"
        if key not in rows:
            yield f"{name}: the row is gone"
        elif key in current:
            printed = {column: _number(text) for column, text in rows[key].items()}
            numbers = {k: v for k, v in current[key].items() if k in printed}
            yield from differing(name, {k: printed[k] for k in numbers}, numbers)


def _number(text: str) -> Any:
    """Read a cell of a CSV file as pandas writes it."""
    known = {"": None, "True": True, "False": False}
    if text in known:
        return known[text]
    try:
        return float(text)
    except ValueError:
        return text


def _changed_files(material: Material, folder: Path, hashes: dict[str, str]) -> Iterator[str]:
    """Yield what was changed by hand in the tables for people since they were written."""
    for style, name in TABLES.items():
        path, made = folder / name, render(material.table, style)
        if not path.exists():
            yield f"{name} is gone"
            continue
        text = path.read_text(encoding="utf-8")
        if style == "csv" or _hash(text) == hashes.get(name):
            continue
        if _hash(made) != hashes.get(name):
            yield f"{name} was changed after it was made"
            continue
        lines = itertools.zip_longest(text.splitlines(), made.splitlines(), fillvalue="")
        for number, (found, right) in enumerate(lines, start=1):
            if found != right:
                yield f"{name}, line {number}{_levels(material, right)}: {_words(found, right)}"


def _levels(material: Material, line: str) -> str:
    """Name the levels that a line speaks of, as far as it does."""
    levels = dict.fromkeys(str(level) for level in material.table.frame["level"])
    text = line.replace("\\", "")  # LaTeX and Markdown escape some letters by it
    named = [level for level in levels if re.search(rf"(?<!\w){re.escape(level)}(?!\w)", text)]
    return f" ({', '.join(named)})" if named else ""


def _words(found: str, right: str) -> str:
    """Say which words of a line are not those that the runs give."""
    here, there = found.split(), right.split()
    changes = SequenceMatcher(None, here, there, autojunk=False).get_opcodes()
    places = [change[1:] for change in changes if change[0] != "equal"]
    wrong = " ".join(" ".join(here[first:last]) for first, last, _, _ in places)
    missing = " ".join(" ".join(there[first:last]) for _, _, first, last in places)
    return f"it says {wrong or 'nothing'}, its runs give {missing or 'nothing'}"


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()

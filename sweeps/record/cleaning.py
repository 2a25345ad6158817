"""What may be removed from disk. Results stay: MLflow and the journal are left as they are.

Weights are needed by a training that goes on, by the one last evaluation of an ablation's trial,
and by whoever wants those that a table cites. All else on disk is space.
"""

import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import fsspec

from cifar_models import checkpoint as checkpoints
from search_spaces.study import SEARCH_SEED
from sweeps.record.journal import TERMINAL, TrialRecord

_OURS = re.compile(r"([0-9a-f]{16})\.")
"""How the name of a trial's file begins."""
_HALF = ".tmp"
_WRITING_SECONDS = 60.0
"""A temporary file that was not written to for so long has lost its writer."""
_LOST = TERMINAL - {"finished"} | {"stopped"}
"""Ends after which a training that is asked for again begins anew."""
_SEARCH_OVER = "finished, its search has its numbers"


@dataclass(frozen=True)
class StoredFile:
    """A file of ours."""

    url: str
    size: int
    """In bytes."""
    trial: str
    """Whose it is; empty for a file of no single trial."""
    idle: float = 0.0
    """Seconds since it was written to."""

    @property
    def half_written(self) -> bool:
        """Whether a writer left it behind; what is being written is not."""
        return self.url.endswith(_HALF) and self.idle > _WRITING_SECONDS


@dataclass(frozen=True)
class Verdict:
    """Whether a file goes, and why."""

    file: StoredFile
    goes: bool
    why: str


def stored_files(folder: str) -> list[StoredFile]:
    """Return the files of a folder, path or URL, and of those below it; none if it is not there.

    Raises:
        ValueError: The place does not answer.
    """
    try:
        files, path = fsspec.core.url_to_fs(folder)
        found: dict[str, dict[str, Any]] = files.find(path, detail=True)
    except FileNotFoundError:
        return []
    except Exception as error:  # a store raises its own errors
        raise ValueError(f"cannot list {folder}: {error}") from None
    now, stored = time.time(), []
    for name, about in sorted(found.items()):
        ours = _OURS.match(name.rpartition("/")[2])
        idle = now - float(about.get("mtime", now))
        below = name.removeprefix(path.rstrip("/"))
        url = folder.rstrip("/") + below
        stored.append(StoredFile(url, int(about["size"] or 0), ours[1] if ours else "", idle))
    return stored


def remove(verdicts: Iterable[Verdict]) -> None:
    """Remove the files that go.

    Raises:
        ValueError: One cannot be removed.
    """
    for verdict in verdicts:
        if verdict.goes:
            try:
                checkpoints.remove(verdict.file.url)
            except OSError as error:
                raise ValueError(
                    f"cannot remove {verdict.file.url}: {error.strerror or error}"
                ) from None


def orphans(files: Iterable[StoredFile], known: Callable[[str], bool]) -> Iterator[Verdict]:
    """Judge the files that belong to nothing.

    Args:
        files: Those of the folder of checkpoints.
        known: Whether there is a record of a trial.
    """
    for file in files:
        if file.half_written:
            yield Verdict(file, True, "half written, its writer is gone")
        elif file.trial and not file.url.endswith(_HALF) and not known(file.trial):
            yield Verdict(file, True, "of no trial on record")


def needless(
    files: Iterable[StoredFile], records: Mapping[str, TrialRecord], cited: frozenset[str]
) -> Iterator[Verdict]:
    """Judge the weights of trials on record.

    Args:
        files: Those of the folder of checkpoints.
        records: The trials.
        cited: Trials whose numbers stand in a table.
    """
    for file in files:
        record = records.get(file.trial)
        if record is None:
            continue
        if record.status in _LOST:
            yield Verdict(file, True, record.status)
        elif record.status != "finished":
            yield Verdict(file, False, "not ended, goes on from here")
        elif _searched(record):
            yield Verdict(file, True, _SEARCH_OVER)
        elif file.trial in cited:
            yield Verdict(file, False, "cited by a table")
        elif not record.tests:
            yield Verdict(file, False, "wants its evaluation on test images")
        else:
            yield Verdict(file, True, "finished, in no table")


def of_study(
    files: Iterable[StoredFile],
    records: Mapping[str, TrialRecord],
    trials: set[str],
    rule: str,
    *,
    unfinished: bool,
) -> Iterator[Verdict]:
    """Judge the weights of one study's trials.

    Args:
        files: Those of the folder of checkpoints.
        records: The trials on record.
        trials: Those of the study that no other shares.
        rule: Its selection rule.
        unfinished: Whether what the study still needs goes as well.
    """
    for file in files:
        if file.trial not in trials:
            continue
        record = records.get(file.trial, TrialRecord(file.trial))
        wanted = ""
        if record.status in ("pending", "running", "interrupted"):
            wanted = "not ended, goes on from here"
        elif record.status == "finished" and not _searched(record) and rule not in record.tests:
            wanted = "wants its evaluation on test images"
        yield Verdict(file, unfinished or not wanted, wanted or record.status)


def _searched(record: TrialRecord) -> bool:
    """Whether a trial served a choice: it is never evaluated on test images."""
    return bool(record.spec["seed"] >= SEARCH_SEED)

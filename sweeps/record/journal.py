"""The journal: every result and decision is first one flushed line on the driver's disk.

MLflow is fed from it, a restarted driver goes on from it. One line is one JSON object with
``event``, ``trial`` and ``time``; a line torn by a crash is cut off when it is opened again.
"""

import contextlib
import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sweeps.record.driver import Driver, hold

FORMAT = 1
FILE = "journal.jsonl"

TERMINAL = frozenset({"finished", "diverged", "out_of_memory", "impossible", "failed"})
"""Outcomes that hold for every study."""
DECIDED = frozenset({"stopped", "timed_out"})
"""Ends that one study decided on: by its rungs, or by the time that it was given."""
_WRONG = TERMINAL - {"finished"} | {"timed_out", "interrupted"}

Event = dict[str, Any]


class Unwritable(ValueError):
    """The disk takes no more: what was written stands, and the same command goes on from there."""

    def __init__(self, path: Path, error: OSError) -> None:
        super().__init__(f"cannot write {path}: {error.strerror}")


@dataclass
class TrialRecord:
    """All that is known of one trial."""

    trial: str
    spec: dict[str, Any] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    """Where it ran, how many parameters it has."""
    results: dict[int, Event] = field(default_factory=dict)
    """Its results by epoch."""
    status: str = "pending"
    reason: str = ""
    stopped_by: set[str] = field(default_factory=set)
    """The studies whose scheduler stopped it."""
    tests: dict[str, dict[str, float]] = field(default_factory=dict)
    """Test metrics by selection rule."""
    outgrown: dict[str, int] = field(default_factory=dict)
    """By its kind of recipe MiB of the largest GPU that it did not fit on."""

    @property
    def epochs(self) -> int:
        """Epochs done."""
        return max(self.results, default=0)

    @property
    def went_wrong(self) -> bool:
        """Whether it did not end as it should, divergence included."""
        return bool(self.reason) or self.status in _WRONG

    def ended(self, study: str) -> bool:
        """Whether a study has nothing left to train here."""
        return self.status in TERMINAL or study in self.stopped_by

    def metric(self, name: str, selection: str = "last") -> float | None:
        """Return a metric at the selected epoch, None when it was not measured."""
        return self.selected(selection)["metrics"].get(name) if self.results else None

    def selected(self, selection: str) -> Event:
        """Return the result of the last epoch, or of the highest validation accuracy."""
        if selection == "last":
            return self.results[self.epochs]
        score = "validation/accuracy"
        return max(self.results.values(), key=lambda r: r["metrics"].get(score, float("-inf")))

    def apply(self, event: Event) -> None:
        """Take one event in; taking it in twice changes nothing."""
        match event["event"]:
            case "trial":
                self.spec = event["spec"]
            case "started":
                self.facts = event["facts"]
                self.status = "running"
            case "result":
                self.results[event["epoch"]] = event
                self.status = event["status"]
                self.reason = event.get("reason", "")
                if event["status"] in DECIDED:
                    self.stopped_by.add(event["study"])
            case "outcome":
                self.status, self.reason = event["status"], event.get("reason", "")
                if event["status"] in DECIDED:
                    self.stopped_by.add(event["study"])
            case "outgrown":
                self.outgrown[event["kind"]] = event["memory"]
            case "test":
                self.tests[event["selection"]] = event["metrics"]
            case "forgotten":
                self.__init__(self.trial)  # type: ignore[misc]


class Journal:
    """The record of a state folder, held in memory and on disk; one writer at a time.

    Args:
        state: The folder.
        study: What is run; empty where the record itself is worked on.

    Raises:
        ValueError: The folder cannot be written, belongs to another driver at work, or holds a
            journal of another format.
    """

    def __init__(self, state: Path, study: str = "") -> None:
        self.trials: dict[str, TrialRecord] = {}
        self._path = state / FILE
        self._full = False
        with contextlib.ExitStack() as opened:  # closes what is open when the rest fails
            try:
                state.mkdir(parents=True, exist_ok=True)
                opened.enter_context(hold(state, Driver.here(study)))
                cut_torn_line(self._path)
                for event in read_events(self._path):
                    _apply(self.trials, event)
                self._stream = opened.enter_context(self._path.open("a", encoding="utf-8"))
            except OSError as error:
                raise ValueError(
                    f"cannot write {state}: {error.strerror}; give another --state or --storage"
                ) from None
            if self._path.stat().st_size == 0:
                self._write({"event": "journal", "format": FORMAT})
            self._opened = opened.pop_all()

    def append(self, event: str, trial: str, **details: Any) -> Event:
        """Write an event, flush it, take it in, and return it.

        Raises:
            Unwritable: The disk does not take it. Later events are only taken in, so that a driver
                can put its affairs in order.
        """
        line = {"event": event, "trial": trial, "time": time.time()} | details
        self._write(line)
        _apply(self.trials, line)
        return line

    def __getitem__(self, trial: str) -> TrialRecord:
        """Return what is known of a trial (nothing, for a new one)."""
        return self.trials.get(trial) or TrialRecord(trial)

    def close(self) -> None:
        """Give the folder free for another driver."""
        with contextlib.suppress(OSError):  # what a full disk left unwritten was told of before
            self._opened.close()

    def _write(self, line: Event) -> None:
        if self._full:
            return
        try:
            self._stream.write(json.dumps(line, allow_nan=False) + "\n")
            self._stream.flush()
        except OSError as error:
            self._full = True
            raise Unwritable(self._path, error) from None


def read_records(state: Path) -> dict[str, TrialRecord]:
    """Return what a state folder's journal knows, without a lock and without a change."""
    trials: dict[str, TrialRecord] = {}
    for event in read_events(state / FILE):
        _apply(trials, event)
    return trials


def _apply(trials: dict[str, TrialRecord], event: Event) -> None:
    if event["event"] == "journal":
        if event["format"] != FORMAT:
            raise ValueError(
                f"the journal has format {event['format']}, this version reads {FORMAT}; "
                "give another --state"
            )
        return
    trial = event["trial"]
    trials.setdefault(trial, TrialRecord(trial)).apply(event)


def read_events(path: Path) -> Iterator[Event]:
    """Yield the whole events of a journal."""
    if not path.exists():
        return
    with path.open("rb") as stream:
        for line in stream:
            try:
                event = json.loads(line)
            except ValueError:  # torn by a crash, or what a full disk left of a line
                continue
            if isinstance(event, dict):
                yield event


def cut_torn_line(path: Path) -> None:
    """Take an unfinished last line off, so that the next one does not continue it."""
    if path.exists():
        whole = path.read_bytes().rpartition(b"\n")
        if whole[2]:
            os.truncate(path, len(whole[0]) + len(whole[1]))

"""Cohorts: survivors follow from the record alone, and a killed search equals its twin."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import optuna
import pytest

from search_spaces import LogRange, Search
from sweeps.execution import cohorts
from sweeps.execution.cohorts import Idleness, survivors
from sweeps.execution.suggestions import open_suggestions
from sweeps.record.journal import TrialRecord, read_records
from tests.sweeps.execution.study_file import TEXT
from tests.sweeps.execution.test_runner import SCRIPT

SEARCH = Search(space={"optimizer.lr": LogRange(0.1, 1.0)}, reduction_factor=2)
TIMINGS = {"seconds", "images_per_second", "peak_memory"}


def record(trial: str, *values: float) -> TrialRecord:
    results = {e: {"metrics": {"m": value}} for e, value in enumerate(values, start=1)}
    return TrialRecord(trial, results=results)


@pytest.mark.parametrize(
    ("sign", "expected"), [(1, {"c", "d"}), (-1, {"a", "b"})], ids=["higher", "lower"]
)
def test_the_better_half_of_those_that_reached_a_rung_goes_on(
    sign: int, expected: set[str]
) -> None:
    cohort = [record("a", 0.1), record("b", 0.2), record("c", 0.3, 0.9), record("d", 0.4)]
    assert survivors(cohort, 1, "m", sign, SEARCH) == expected


def test_one_always_goes_on_and_ties_are_broken_by_name() -> None:
    assert survivors([record("b", 0.2), record("a", 0.2)], 1, "m", 1, SEARCH) == {"a"}
    assert survivors([record("a", 0.2)], 1, "m", 1, SEARCH) == {"a"}


def test_what_ended_before_the_rung_does_not_count() -> None:
    diverged = TrialRecord("x", status="diverged")
    cohort = [diverged, record("a", 0.1, 0.1), record("b", 0.2, 0.3), record("c", 0.9)]
    assert survivors(cohort, 2, "m", 1, SEARCH) == {"b"}


def test_the_time_that_workers_wait_for_others_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SimpleNamespace(now=0.0)
    monkeypatch.setattr(cohorts, "time", SimpleNamespace(monotonic=lambda: clock.now))
    idleness = Idleness(slots=4)
    assert idleness.told() == ""
    for moment, busy in [(1.0, 4), (5.0, 2), (7.0, 0), (10.0, 4)]:
        clock.now = moment
        idleness.look(busy)
    # of 4 workers 2 waited for 2 s, then all for 3: 16 of 40 seconds
    assert idleness.told() == "4 slots waited 40% of the time for the others of a cohort."


def start(folder: Path, *options: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, str(SCRIPT), "--study", "own.py", "--deterministic", *options],
        cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env=os.environ | {"COLUMNS": "120"},
    )  # fmt: skip


def outcome(folder: Path) -> dict[str, Any]:
    """Return all that a search decides and measures, timings left out."""
    storage = open_suggestions(str(folder / "runs" / "optuna.jsonl"), reading=True)
    (name,) = optuna.get_all_study_names(storage)
    trials = optuna.load_study(study_name=name, storage=storage).get_trials()
    told = [(t.number, t.params, t.state.name, t.value, t.intermediate_values) for t in trials]
    curves = {
        trial: {
            epoch: {k: v for k, v in result["metrics"].items() if k not in TIMINGS}
            for epoch, result in known.results.items()
        }
        for trial, known in read_records(folder / "runs").items()
    }
    statuses = {trial: known.status for trial, known in read_records(folder / "runs").items()}
    return {"told": told, "curves": curves, "statuses": statuses}


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_search_that_was_killed_again_and_again_equals_its_undisturbed_twin(
    tmp_path: Path,
) -> None:
    folders = {name: tmp_path / name for name in ("undisturbed", "killed")}
    for folder in folders.values():
        folder.mkdir()
        (folder / "own.py").write_text(TEXT)
    twin = start(folders["undisturbed"])
    assert twin.wait() == 0

    journal = folders["killed"] / "runs" / "journal.jsonl"
    chance, kills = random.Random(0), 0
    while kills < 4:
        lines = _lines(journal)
        driver = start(folders["killed"], "--max-concurrent", str(1 + kills % 2))
        target = lines + chance.randint(8, 40)
        while _lines(journal) < target and driver.poll() is None:
            time.sleep(0.05)
        if driver.poll() is None:
            driver.send_signal(signal.SIGKILL)
            kills += 1
        driver.wait()
        if driver.returncode == 0:
            break
    assert kills >= 2, "the search ended before it could be killed"
    last = start(folders["killed"])
    assert last.wait() == 0

    assert outcome(folders["killed"]) == outcome(folders["undisturbed"])
    redone = [json.loads(line) for line in journal.read_text().splitlines()]
    results = [(e["trial"], e["epoch"]) for e in redone if e["event"] == "result"]
    # A kill costs at most the epochs in flight, and the re-report of each live trial's last one.
    assert len(results) - len(set(results)) <= kills * (2 + SEARCH.cohort)


def _lines(journal: Path) -> int:
    return journal.read_bytes().count(b"\n") if journal.exists() else 0

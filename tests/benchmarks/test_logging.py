"""Counting what a journal has and what MLflow has, and a clock around a method."""

import contextlib
import sqlite3
import time
from pathlib import Path

from benchmarks.logging import _clock, recorded, written
from sweeps.record.journal import Journal


def test_metrics_are_counted_by_trial_name_epoch_and_value(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.append("result", "a", epoch=2, status="running", metrics={"m": 0.5}, study="s")
    journal.close()
    with contextlib.closing(sqlite3.connect(tmp_path / "mlflow.db")) as database:
        database.execute("CREATE TABLE tags (key, value, run_uuid)")
        database.execute("CREATE TABLE metrics (key, value, step, run_uuid)")
        database.execute("INSERT INTO tags VALUES ('trial', 'a', 'r'), ('kind', 'x', 'r')")
        database.execute("INSERT INTO metrics VALUES ('m', 0.5, 2, 'r'), ('best/m', 0.5, 0, 'r')")
        database.commit()
    assert recorded(tmp_path) == {("a", "m", 2, 0.5)} == written(tmp_path)


def test_a_clock_counts_the_work_of_a_method_and_not_its_waiting() -> None:
    class Worker:
        def work(self, seconds: float) -> str:
            end = time.thread_time() + seconds
            time.sleep(0.2)
            while time.thread_time() < end:
                pass
            return "done"

    spent = [0.0]
    _clock(Worker, "work", spent)
    assert Worker().work(0.05) == "done"
    assert 0.05 <= spent[0] < 0.15

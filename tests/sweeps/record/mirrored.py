"""Looking at what a tracker's thread has written."""

import time
from collections.abc import Callable
from typing import Any

from mlflow.entities import Run

from sweeps.record.mlflow_runs import Runs
from sweeps.record.tracking import Tracker
from tests.sweeps.record.small import spec

Start = Callable[..., Tracker]


def until(condition: Callable[[], Any], seconds: float = 10) -> None:
    """Wait for something that a thread or a process does."""
    for _ in range(int(50 * seconds)):
        if condition():
            return
        time.sleep(0.02)
    raise AssertionError("it did not come about")


def only_run(runs: Runs, seed: int = 0) -> Run:
    (run,) = runs.find(kind="trial", trial=spec(seed).id)
    return run


def points(runs: Runs, seed: int = 0) -> list[int]:
    """Return the epochs of a trial's points, one of each kind."""
    run_id = only_run(runs, seed).info.run_id
    return [p.step for p in runs.client.get_metric_history(run_id, "train/loss")]

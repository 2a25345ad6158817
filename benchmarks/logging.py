"""What logging costs a sweep, and what a driver's sudden death costs the log: nothing."""

import contextlib
import sqlite3
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.control import nothing_to_train
from benchmarks.harness import (
    Arm,
    Benchmark,
    Case,
    Figure,
    Options,
    alternate,
    apart,
    compare,
)
from benchmarks.harness.once import Once, in_fresh_process
from benchmarks.harness.windows import kept
from benchmarks.sweep import burning, overhead_study
from cifar_models.recipe import Recipe

if TYPE_CHECKING:
    from mlflow import MlflowClient

    from sweeps.record.journal import Journal
    from sweeps.record.mlflow_runs import Runs

STOCK, OURS = "log_metric, one by one", "journal and batches"
FLOOR = "log_batch alone"
METRICS = {f"validation/metric_{number}": 1 / 3 for number in range(8)}
LIMIT, SHARE = 0.06, 1.0  # ms a metric, % of the wall


def measure(options: Options) -> list[Case]:
    """Measure the cost of a metric, its share of a sweep, and what is lost by a kill."""
    return [_metric(options), _share(options), _killed(options)]


# ------------------------------------------------------------------ a metric


def _metric(options: Options) -> Case:
    epochs, trials = options.pick((5, 1), (100, 10), (100, 10))
    with apart(
        partial(_one_by_one, epochs, max(1, trials // 10)),
        partial(_in_batches, epochs, trials),
        partial(_at_once, epochs, trials),
    ) as arms:
        windows = alternate(arms, rounds=options.pick(1, 9, 15))
    figures = [
        Figure(
            name=f"{arm}: a metric", unit=" ms", at_most=LIMIT if arm == OURS else None,
            values=tuple(1000 / window.rate for window in kept(windows, arm)),
            polluted=any(window.polluted for window in kept(windows, arm)),
        )
        for arm in (STOCK, OURS, FLOOR)
    ]  # fmt: skip
    return Case(
        name=f"trials of {epochs} epochs, {len(METRICS)} metrics each", unit="metrics",
        windows=tuple(windows), figures=(*figures, compare(windows, OURS, FLOOR)),
    )  # fmt: skip


def _writing(name: str, client: "MlflowClient", trials: int, write: Callable[[str], int]) -> Arm:
    """Return an arm that writes the metrics of trials, whose runs are made before it is timed."""
    experiment = client.create_experiment(name)
    run_ids: list[str] = []

    def prepare() -> None:
        run_ids[:] = [client.create_run(experiment).info.run_id for _ in range(trials)]

    def run() -> float:
        return float(sum(map(write, run_ids)))

    return Arm(name, run, prepare)


def _one_by_one(epochs: int, trials: int) -> Arm:
    """Return a script that logs as MLflow's tutorials do."""
    client = _new_client()

    def write(run_id: str) -> int:
        for epoch in range(epochs):
            for name, value in METRICS.items():
                client.log_metric(run_id, name, value, step=epoch)
        return epochs * len(METRICS)

    return _writing(STOCK, client, trials, write)


def _in_batches(epochs: int, trials: int) -> Arm:
    """Return trials whose epochs are written to the journal, then to MLflow at once."""
    from sweeps.analysis.garbage import spared
    from sweeps.record.run_update import RunUpdate

    journal, runs = _ours()

    def write(run_id: str) -> int:
        results = [
            journal.append("result", run_id, epoch=epoch, status="running", metrics=METRICS,
                           study="logging")
            for epoch in range(epochs)
        ]  # fmt: skip
        with spared():  # as in our driver
            runs.write(run_id, RunUpdate().epochs(results))
        return epochs * len(METRICS)

    return _writing(OURS, runs.client, trials, write)


def _at_once(epochs: int, trials: int) -> Arm:
    """Return all points of a trial in one call of MLflow's, newest first, and no more.

    The database does not wait for the disk, as ours does not, which has a journal.
    """
    from mlflow.entities import Metric

    from sweeps.analysis.garbage import spared

    client = _ours()[1].client

    def write(run_id: str) -> int:
        now = int(1000 * time.time())
        points = [
            Metric(name, value, now, epoch)
            for epoch in reversed(range(epochs))
            for name, value in METRICS.items()
        ]
        with spared():
            client.log_batch(run_id, points)
        return len(points)

    return _writing(FLOOR, client, trials, write)


def _ours() -> "tuple[Journal, Runs]":
    """Return a new journal, and the MLflow beside it."""
    from sweeps.record.journal import Journal
    from sweeps.record.mlflow_runs import Runs

    state = Path(tempfile.mkdtemp(prefix="benchmark-"))
    return Journal(state), Runs(f"sqlite:///{state / 'mlflow.db'}", str(state))


def _new_client() -> "MlflowClient":
    from mlflow import MlflowClient

    return MlflowClient(f"sqlite:///{tempfile.mkdtemp(prefix='benchmark-')}/mlflow.db")


# ------------------------------------------------------------------ a sweep


@dataclass(frozen=True)
class Spent:
    """Seconds of a sweep, and the processor's seconds of its logging."""

    wall: float
    logging: float


def watched(base: Recipe, trials: int, slots: int) -> Spent:
    """Run a search of ours with a clock around its journal and its writer to MLflow."""
    from benchmarks.harness.studies import search_alone
    from sweeps.record.journal import Journal
    from sweeps.record.tracking import Tracker

    spent = [0.0]
    for owner, name in ((Journal, "append"), (Tracker, "_write_changed")):
        _clock(owner, name, spent)
    ran = search_alone(overhead_study(base, trials), slots)
    return Spent(ran.swept, spent[0])


def _clock(owner: type, name: str, spent: list[float]) -> None:
    """Let a method add the processor time of its thread."""
    method = getattr(owner, name)

    def timed(*args: object, **kwargs: object) -> object:
        started = time.thread_time()
        try:
            return method(*args, **kwargs)
        finally:
            spent[0] += time.thread_time() - started

    setattr(owner, name, timed)


def _share(options: Options) -> Case:
    slots = options.threads
    trials = slots * options.pick(1, 4, 12)
    length = options.pick(1, 10, 10)
    once = Once(OURS, trials, partial(watched, burning(length), trials, slots))
    windows = alternate([once.arm], rounds=1, warmups=0, patience=options.pick(0, 1, 1))
    (spent,) = once.kept(windows)
    figure = Figure(
        name="processor time of journal and MLflow over the wall", unit=" %", at_most=SHARE,
        values=(100 * spent.logging / spent.wall,), polluted=windows[-1].polluted,
    )  # fmt: skip
    return Case(
        name=f"{trials} trials of {length} s, {slots} at a time", unit="trials",
        windows=tuple(windows), figures=(figure,),
    )  # fmt: skip


# ------------------------------------------------------------------ a kill


def _killed(options: Options) -> Case:
    trials = options.pick(20, 200, 1000)
    state = Path(tempfile.mkdtemp(prefix="benchmark-"))
    driver = get_context("spawn").Process(target=_search_in, args=(str(state), trials))
    driver.start()
    while driver.is_alive() and len(recorded(state)) < len(METRICS) * trials // 2:
        time.sleep(0.05)
    driver.kill()
    driver.join()
    before, behind = recorded(state), recorded(state) - written(state)
    in_fresh_process(partial(_search_in, str(state), trials))
    lost = len(before - written(state)) + len(recorded(state) - written(state))
    note = (
        f"SIGKILL when the journal had {len(before)} metrics and MLflow lacked {len(behind)} of "
        f"them; after the next start MLflow had {len(written(state))}."
    )
    return Case(
        name=f"kill -9 amid {trials} trials",
        figures=(Figure(name="metrics lost", values=(float(lost),), unit="", at_most=0.0),),
        notes=(note,),
    )


def _search_in(state: str, trials: int) -> None:
    from benchmarks.harness.studies import TrainsNothing, search_alone
    from sweeps.record.places import resolve_places

    places = resolve_places(state)
    search_alone(nothing_to_train(trials), 2, trainable=TrainsNothing, places=places)


Points = set[tuple[str, str, int, float]]
"""Trial, metric, epoch, value."""


def recorded(state: Path) -> Points:
    """Return the metrics that a journal has."""
    from sweeps.record.journal import read_records

    return {
        (trial, name, epoch, value)
        for trial, known in read_records(state).items()
        for epoch, result in known.results.items()
        for name, value in result["metrics"].items()
    }


def written(state: Path) -> Points:
    """Return the metrics by epoch that MLflow's database has."""
    with contextlib.closing(sqlite3.connect(state / "mlflow.db")) as database:
        return set(
            database.execute(
                "SELECT tags.value, metrics.key, step, metrics.value FROM metrics "
                "JOIN tags ON tags.run_uuid = metrics.run_uuid AND tags.key = 'trial' "
                "WHERE step > 0"
            )
        )


BENCHMARK = Benchmark(
    compares="A metric's way into the log by MLflow's log_metric, one by one, and by ours (a line "
    "of the journal, then batches from a thread); the share of it in a sweep with real training; "
    "and a driver killed in mid-sweep, whose next start replays what MLflow lacks.",
    measure=measure,
    notes=(
        "In both of the last SQLite does not wait for the disk; ours may do so because its journal "
        "has everything.",
    ),
)

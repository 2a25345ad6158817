"""What the records of a search cost: Optuna's suggestions in several storages, and our journal."""

import logging
import tempfile
import time
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path

import optuna
from optuna.storages import BaseStorage, InMemoryStorage, JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend

from benchmarks.harness import Arm, Benchmark, Case, Figure, Options, alternate, compare
from benchmarks.harness.windows import kept
from cifar_models.ranges import LogRange
from search_spaces.search import Search
from sweeps.execution.samplers import make_sampler
from sweeps.execution.suggestions import open_suggestions
from sweeps.record.journal import Journal

MEMORY, OURS, FILE, SQLITE = "in memory", "our file", "Optuna's journal file", "Optuna's SQLite"
EPOCHS = 5  # reported by every trial
SPACE = {"optimizer.lr": LogRange(1e-4, 1.0)}
METRICS = {f"metric {number}": 1 / 3 for number in range(8)}


def measure(options: Options) -> list[Case]:
    """Measure the storages in turn, our file as it grows, the samplers, and the journal."""
    logging.getLogger("optuna").setLevel(logging.WARNING)
    warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
    with tempfile.TemporaryDirectory() as folder:
        return [
            _storages(options, Path(folder)),
            _growth(options, Path(folder)),
            _samplers(options),
            _journal(options, Path(folder)),
        ]


def search(study: optuna.Study, trials: int) -> float:
    """Ask for trials, report their epochs and tell how they ended, as a search of ours does."""
    for _ in range(trials):
        trial = study.ask()
        value = trial.suggest_float("lr", 1e-4, 1.0, log=True)
        trial.set_user_attr("trial", "0123456789abcdef")
        for epoch in range(1, EPOCHS + 1):
            trial.report(value, epoch)
        study.tell(trial, value)
    return trials


def study_in(storage: BaseStorage, sampler: str = "random") -> optuna.Study:
    """Return a new study whose sampler is the one of our searches."""
    plan = Search.model_validate({"space": SPACE, "trials": 1, "sampler": sampler})
    return optuna.create_study(storage=storage, sampler=make_sampler(plan, 0))


def _storages(options: Options, folder: Path) -> Case:
    storages: dict[str, BaseStorage] = {
        MEMORY: InMemoryStorage(),
        OURS: open_suggestions(str(folder / "ours.jsonl")),
        FILE: JournalStorage(JournalFileBackend(str(folder / "optuna.log"))),
        SQLITE: RDBStorage(f"sqlite:///{folder / 'optuna.db'}"),
    }
    trials = options.pick(2, 20, 50)
    arms = [
        Arm(name, partial(search, study_in(storage), trials)) for name, storage in storages.items()
    ]
    windows = alternate(arms, rounds=options.pick(1, 5, 15))
    ratios = [compare(windows, OURS, over) for over in (MEMORY, FILE, SQLITE)]
    costs = [
        Figure(
            name=f"{name}: a trial", unit=" ms",
            values=tuple(1000 / window.rate for window in kept(windows, name)),
            polluted=any(window.polluted for window in kept(windows, name)),
        )
        for name in storages
    ]  # fmt: skip
    return Case(
        name=f"a suggestion, {EPOCHS} epochs and an outcome", unit="trials",
        windows=tuple(windows), figures=(*costs, *ratios),
    )  # fmt: skip


def _growth(options: Options, folder: Path) -> Case:
    """Measure our file while it is short and when it is long."""
    few, many = options.pick((2, 10), (100, 3_000), (100, 10_000))
    study = study_in(open_suggestions(str(folder / "growing.jsonl")))
    figures = []
    for before in (0, many):
        search(study, before)
        cost = _cost(lambda: search(study, few), few)
        figures.append(Figure(name=f"a trial after {before:,}", values=(cost,), unit=" ms"))
    began, grown = (figure.median for figure in figures)
    figures.append(Figure(name=f"after {many:,} over after 0", values=(grown / began,)))
    return Case(name=OURS, figures=tuple(figures))


def _samplers(options: Options) -> Case:
    """Measure what choosing costs, in memory: random points, and TPE among many trials."""
    figures = []
    for sampler in ("random", "tpe"):
        study, done = study_in(InMemoryStorage(), sampler), 0
        chosen = study.sampler
        for before in options.pick((5,), (100, 1_000), (100, 1_000, 3_000)):
            study.sampler = optuna.samplers.RandomSampler(seed=0)
            search(study, before - done)
            study.sampler, done = chosen, before + 5
            cost = _cost(partial(search, study, 5), 5)
            figures.append(
                Figure(name=f"{sampler}: a trial after {before:,}", values=(cost,), unit=" ms")
            )
    return Case(name="samplers", figures=tuple(figures))


def _journal(options: Options, folder: Path) -> Case:
    """Measure our journal: writing a result, and reading all of them at the next start."""
    events, windows = options.pick(10, 2_000, 5_000), options.pick(2, 5, 15)
    journal = Journal(folder / "state")

    def write(first: int) -> None:
        for number in range(first, first + events):
            journal.append("result", f"trial {number // 10}", epoch=number % 10, status="running",
                           metrics=METRICS, study="storage")  # fmt: skip

    costs = [_cost(partial(write, window * events), events) for window in range(windows)]
    journal.close()
    reading = _cost(lambda: Journal(folder / "state").close(), windows * events)
    return Case(
        name="our journal",
        figures=(
            Figure(name="writing a result of 8 metrics", values=tuple(costs), unit=" ms"),
            Figure(name=f"reading one of {windows * events:,}", values=(reading,), unit=" ms"),
        ),
    )


def _cost(work: Callable[[], object], pieces: int) -> float:
    """Return the ms that a piece of some work takes."""
    started = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - started) / pieces


BENCHMARK = Benchmark(
    compares="A trial's operations on Optuna's storages, ours among them; the samplers; and the "
    "events of our journal.",
    measure=measure,
    notes=(
        "Optuna's own files wait for the disk at every line; ours leaves that to the system, so "
        "that a killed driver loses nothing and a power cut the last seconds.",
        "What grows with the trials is Optuna's: it lists all of them for each new one.",
    ),
)

"""What is left of a search whose driver was killed once, when it was gone on with."""

import os
import signal
import tempfile
import time
from collections.abc import Callable
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from benchmarks.baselines import tune_restored
from benchmarks.harness import Benchmark, Case, Figure, Options
from benchmarks.harness.once import forget_settings, in_fresh_process
from cifar_models.architectures import PlainCNN
from cifar_models.datasets import Shapes
from cifar_models.optimizers import SGD
from cifar_models.ranges import LogRange
from cifar_models.recipe import Phase, Recipe
from cifar_models.splits import Split
from search_spaces.search import Search
from search_spaces.study import Study

if TYPE_CHECKING:
    from sweeps.execution.trainable import Trainable

SLOTS = 2
EPOCHS = "epochs"
"""File with a line for each epoch that was trained to its end: its trial and number."""


class Left(NamedTuple):
    """What a search left behind.

    Attributes:
        again: epochs that were trained to their end more than once.
        lost: trials of those asked for that never ended.
        running: of MLflow's runs, those that are RUNNING for ever.
        doubled: MLflow's runs beyond one a trial.
        open: trials of which Optuna never hears the end.
        untrue: trials that were stopped early, and are COMPLETE to Optuna.
        broken: 1 when going on with it ended in an error.
    """

    again: int
    lost: int
    running: int
    doubled: int
    open: int
    untrue: int
    broken: int = 0


TOLD = {
    "again": "epochs trained twice",
    "lost": "trials that never ended",
    "running": "MLflow runs left RUNNING",
    "doubled": "MLflow runs beyond one a trial",
    "open": "trials left RUNNING in Optuna",
    "untrue": "stopped trials told as complete",
    "broken": "searches that could not be gone on with",
}


def base(images: int, epochs: int) -> Recipe:
    """Return what is trained."""
    return Recipe(
        dataset=Shapes(train_size=images, test_size=10),
        model=PlainCNN(channels=(8, 16, 32)),
        phases=(Phase(epochs=epochs, optimizer=SGD(lr=0.05)),),
        split=Split(validation=0.1),
        batch_size=64,
    )


def stock(folder: Path, recipe: Recipe, trials: int) -> None:
    """Begin the search of a folder by Ray Tune alone, or go on with it."""
    tune_restored.search(folder, recipe, trials, SLOTS)


def ours(folder: Path, recipe: Recipe, trials: int) -> None:
    """Begin the search of a folder by ours, or go on with it."""
    from benchmarks.harness.studies import search_alone
    from sweeps.record.places import resolve_places

    search = Search(
        space={"optimizer.lr": LogRange(1e-3, 1.0)}, trials=trials, grace_period=1,
        reduction_factor=3, baseline_first=False,
    )  # fmt: skip
    study = Study(name="kill", question="What is left?", base=recipe, search=search)
    search_alone(
        study, SLOTS, trainable=_counted(folder / EPOCHS), places=resolve_places(str(folder))
    )


def _counted(lines: Path) -> "type[Trainable]":
    """Return our trainable, which writes down the epochs that it trains."""
    from sweeps.execution.trainable import Trainable

    class Counted(Trainable):
        def _next(self, images: Any, checkpoint: Any) -> Any:
            known = self._training.history if self._training else checkpoint and checkpoint.history
            before = len(known or ())
            result = super()._next(images, checkpoint)
            assert self._training is not None
            if len(self._training.history) > before:
                with lines.open("a") as file:
                    file.write(f"{self._trial['spec']['recipe']} {result.epoch}\n")
            return result

    return Counted


def killed_once(search: Callable[[Path, Recipe, int], None], recipe: Recipe, trials: int) -> Left:
    """Kill a search's driver when half of its epochs may be done, go on with it, and count."""
    folder = Path(tempfile.mkdtemp(prefix="benchmark-"))
    work = partial(search, folder, recipe, trials)
    driver = get_context("spawn").Process(target=_alone, args=(work,))
    driver.start()
    while driver.is_alive() and len(_lines(folder)) < 1.25 * trials:
        time.sleep(0.05)
    if not driver.is_alive():
        raise RuntimeError(f"the search ended with {len(_lines(folder))} epochs, before the kill")
    assert driver.pid is not None
    os.kill(driver.pid, signal.SIGKILL)
    driver.join()
    time.sleep(5)  # Ray's processes see that their driver is gone
    broken = 0
    try:
        in_fresh_process(work)
    except Exception as error:  # whatever a driver dies of
        print(f"gone on with, it ended: {type(error).__name__}: {str(error).splitlines()[-1]}")
        broken = 1
    found = in_fresh_process(partial(left, folder, recipe.epochs, trials))
    return found._replace(broken=broken)


def _alone(work: Callable[[], None]) -> None:
    forget_settings()
    work()


def _lines(folder: Path) -> list[str]:
    file = folder / EPOCHS
    return file.read_text().splitlines() if file.exists() else []


def left(folder: Path, epochs: int, trials: int) -> Left:
    """Count in the files that a search left, be it ours or Ray Tune's."""
    import optuna
    from mlflow import MlflowClient
    from optuna.storages.journal import JournalFileBackend

    client = MlflowClient(f"sqlite:///{folder / 'mlflow.db'}")
    experiments = [each.experiment_id for each in client.search_experiments()]
    runs = [
        (run.data.tags["mlflow.runName"], run.info.status)
        for run in client.search_runs(experiments)
        if run.data.tags.get("kind") != "study"
    ]
    file = str(folder / tune_restored.SUGGESTIONS)
    storage = optuna.storages.JournalStorage(JournalFileBackend(file))
    (name,) = optuna.get_all_study_names(storage)
    study = optuna.load_study(study_name=name, storage=storage)
    told = [trial.state.name for trial in study.trials]
    return counted(_lines(folder), runs, told, epochs, trials)


def counted(
    lines: list[str], runs: list[tuple[str, str]], told: list[str], epochs: int, trials: int
) -> Left:  # fmt: skip
    """Count what is not as it should be.

    Args:
        lines: trial and number of each epoch that was trained to its end.
        runs: trial and status of each of MLflow's runs.
        told: state of each of Optuna's trials.
        epochs: of a training that is not stopped.
        trials: that were asked for.
    """
    whole = len({line for line in lines if line.endswith(f" {epochs}")})
    return Left(
        again=len(lines) - len(set(lines)),
        lost=trials - len({trial for trial, status in runs if status != "RUNNING"}),
        running=[status for _, status in runs].count("RUNNING"),
        doubled=len(runs) - len({trial for trial, _ in runs}),
        open=told.count("RUNNING"),
        untrue=max(told.count("COMPLETE") - whole, 0),
    )


def measure(options: Options) -> list[Case]:
    """Kill both as often, and show what each left."""
    times, trials = options.pick(1, 3, 10), options.pick(6, 24, 24)
    recipe = base(options.pick(4000, 8000, 8000), epochs=9)
    counts = {
        name: [killed_once(search, recipe, trials) for _ in range(times)]
        for name, search in {"ours": ours, "stock": stock}.items()
    }
    figures = tuple(
        Figure(
            name=f"{words}, {name}",
            values=tuple(float(getattr(each, field)) for each in found),
            unit="",
            at_most=0.0 if name == "ours" else None,
        )
        for field, words in TOLD.items()
        for name, found in counts.items()
    )
    note = (
        f"{trials} trials on {SLOTS} workers, {times} kills of each, each in a search of its own."
    )
    return [Case(name="one kill -9 of the driver", figures=figures, notes=(note,))]


BENCHMARK = Benchmark(
    compares="The same ASHA search, its driver killed with SIGKILL midway and the search gone on "
    "with: by `Tuner.restore` under stock Ray Tune (OptunaSearch in a file, ASHAScheduler, "
    "MLflowLoggerCallback, a checkpoint an epoch), and by the same command under ours.",
    measure=measure,
    only_full=True,
    notes=("Both train the same recipe with the same trainer; only the sweep differs.",),
)

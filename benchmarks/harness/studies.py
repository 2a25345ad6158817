"""Searches of ours in a benchmark: the whole way of `sweeps run` up to the search's last record.

Import it in a process of its own only: Ray and MLflow are set up by importing it.
"""

import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from cifar_models.recipe import Recipe
from search_spaces.study import Study
from sweeps.execution import phases
from sweeps.execution.chain import Phase
from sweeps.execution.options import Options
from sweeps.execution.runner import StudyRun
from sweeps.execution.trainable import Trainable
from sweeps.record.identity import TrialSpec
from sweeps.record.journal import FILE, read_events
from sweeps.record.places import Places, resolve_places


@dataclass(frozen=True)
class Ran:
    """Where the time of a search went, in seconds.

    Attributes:
        begun: From the start of Ray to the first trial on a worker.
        swept: From then on until all is recorded in the journal, MLflow and Optuna's file.
        training: Of all trials together, inside the training loop.
        epochs: Time since the start and validation accuracy of every epoch.
        trials: That ended.
        recipes: Of the trials that were handed out.
    """

    begun: float
    swept: float
    training: float
    epochs: list[tuple[float, float]]
    trials: int
    recipes: tuple[Recipe, ...]

    def overhead(self, slots: int) -> float:
        """Return what the sweep took over its training on busy slots, as a share of it, in %."""
        ideal = self.training / slots
        return 100 * (self.swept - ideal) / ideal


class SearchAlone(StudyRun):
    """A study that ends with its search."""

    closed = 0.0

    def _phases(self) -> Iterator[Phase]:
        yield from self._searching()

    def _close(self, status: str, patience: float) -> None:
        super()._close(status, patience)
        self.closed = time.time()


class TrainsNothing(Trainable):
    """Reports one epoch at once: what is left of a trial is what its sweep costs."""

    def step(self) -> dict[str, Any]:
        """Report what a training would."""
        return self._report(1, 1)

    def _report(self, epoch: int, epochs: int, accuracy: float = 0.0) -> dict[str, Any]:
        names = ("train/loss", "validation/loss", "validation/macro_f1", "learning_rate", "seconds",
                 "images_per_second", "peak_memory")  # fmt: skip
        return {
            "epoch": epoch,
            "status": "finished" if epoch == epochs else "running",
            "metrics": dict.fromkeys(names, 0.0) | {"validation/accuracy": accuracy},
            "facts": self._facts(),
            "done": epoch == epochs,
        }


def search_alone(
    study: Study, slots: int, *, trainable: type[Trainable] = Trainable,
    data_dir: Path | None = None, places: Places | None = None, address: str | None = None,
    gpus: float = 0.0,
) -> Ran:  # fmt: skip
    """Run a search with MLflow and Optuna on, and return where its time went.

    Args:
        study: With a search.
        slots: Trials at once.
        trainable: What trains a trial.
        data_dir: Folder of the real CIFAR.
        places: Where results lie; by default in a new folder.
        address: Of a cluster; by default Ray is started here.
        gpus: Share of a GPU that a trial gets; with 0 it trains on the CPU.
    """
    vars(phases)["Trainable"] = trainable
    places = places or new_places()
    with Path("/dev/null").open("w") as nowhere:
        console = Console(file=nowhere)
        options = Options(data_dir, address, gpus_per_trial=gpus, max_concurrent=slots)
        run = SearchAlone(study, (), places, options, console)
        started = time.time()
        run.execute()
    return _ran(places, started, run.closed)


def new_places() -> Places:
    """Return a new folder in which a study's results will lie."""
    return resolve_places(tempfile.mkdtemp(prefix="benchmark-"))


def _ran(places: Places, started: float, closed: float) -> Ran:
    events = list(read_events(places.state / FILE))
    begun = min(event["time"] for event in events if event["event"] == "started")
    results = [event for event in events if event["event"] == "result"]
    accuracy = "validation/accuracy"
    return Ran(
        begun=begun - started,
        swept=closed - begun,
        training=sum(result["metrics"]["seconds"] for result in results),
        epochs=[(r["time"] - started, r["metrics"].get(accuracy, 0.0)) for r in results],
        trials=len({result["trial"] for result in results}),
        recipes=tuple(
            TrialSpec.from_json(e["spec"]).recipe for e in events if e["event"] == "trial"
        ),
    )

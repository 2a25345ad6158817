"""Small trials and what a driver would write of them into its journal."""

from pathlib import Path
from typing import Any

from cifar_models.numerics import Numerics
from cifar_models.recipe import Recipe
from sweeps.record.identity import TrialSpec
from sweeps.record.journal import Journal
from sweeps.record.mlflow_runs import Runs

RECIPE = Recipe.parse(
    {
        "dataset": {"name": "shapes", "train_size": 120, "test_size": 40},
        "split": {"validation": 20},
        "model": {"name": "plain_cnn", "channels": [4, 8]},
        "epochs": 3,
        "optimizer": {"name": "sgd", "lr": 0.1},
        "batch_size": 30,
    }
)
FACTS = {
    "cifar-sweeps": "0.1",
    "torch": "2.15.0",
    "git_commit": "abc",
    "device": "a processor",
    "node": "here",
    "parameters": "1234",
}


def spec(seed: int = 0, **changes: Any) -> TrialSpec:
    """Return a trial of the small recipe."""
    return TrialSpec(RECIPE.replace(changes), seed, Numerics(), "f" * 16)


def metrics(epoch: int, accuracy: float | None = None) -> dict[str, float]:
    """Return the metrics of an epoch; by default accuracy rises with the epoch."""
    accuracy = 0.1 * epoch if accuracy is None else accuracy
    return {
        "train/loss": 2.0 / epoch,
        "validation/loss": 2.1 / epoch,
        "validation/accuracy": accuracy,
        "validation/macro_f1": accuracy - 0.01,
        "learning_rate": 0.1,
        "seconds": 0.5,
        "images_per_second": 200.0,
        "peak_memory": 300.0,
    }


def record(
    journal: Journal,
    trial: TrialSpec,
    *accuracies: float,
    end: str = "finished",
    study: str = "small",
    first: int = 1,
) -> TrialSpec:
    """Write a trial with these validation accuracies, the last one with this status."""
    journal.append("trial", trial.id, spec=trial.to_json())
    journal.append("started", trial.id, facts=FACTS)
    last = first + len(accuracies) - 1
    for epoch, accuracy in enumerate(accuracies, first):
        journal.append(
            "result", trial.id, epoch=epoch, status=end if epoch == last else "running",
            metrics=metrics(epoch, accuracy), study=study,
        )  # fmt: skip
    return trial


def open_runs(state: Path) -> Runs:
    """Open the MLflow database of a state folder."""
    return Runs(f"sqlite:///{state / 'mlflow.db'}", f"{state}/artifacts")

"""An ASHA sweep under Ray Tune around the classic loop: a stock script, and the same tuned.

Ray reads its settings from the environment when it is imported: each function wants a process of
its own, and imports Ray itself.
"""

import logging
import os
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch.utils.data import DataLoader

from benchmarks.baselines.classic import (
    PLAIN,
    WORKERS,
    ClassicLoop,
    PILImages,
    evaluation_loader,
    train_loader,
)
from cifar_models.architectures import Architecture, ImageShape
from cifar_models.datasets import Images

Epochs = list[tuple[float, float]]
"""Time since Ray was started, and validation accuracy, of every epoch of every trial."""


@dataclass(frozen=True)
class Task:
    """The sweep that every script does: the same configurations, rungs and images."""

    model: Architecture
    shape: ImageShape
    rates: Sequence[float]
    train: Images
    validation: Images
    epochs: int
    grace: int
    factor: int
    batch_size: int
    slots: int
    gpus: float
    """Share of a GPU that a trial gets; with 0 it trains on the CPU."""


def stock(task: Task) -> Epochs:
    """Run a function trainable, its losses logged to MLflow at every step."""
    tune, scheduler, folder, started = _begin(task)
    uri = f"sqlite:///{folder / 'mlflow.db'}"

    def trainable(config: dict[str, Any], task: Task) -> None:
        import mlflow

        torch.set_num_threads(1)
        mlflow.set_tracking_uri(uri)
        mlflow.set_experiment("stock")
        loop = _loop(task, config["lr"], tuned=False)
        batches = train_loader(task.train, batch_size=task.batch_size)
        held_out = evaluation_loader(task.validation)
        with mlflow.start_run():
            mlflow.log_params(config)
            step = 0
            for epoch in range(1, task.epochs + 1):
                for batch in batches:
                    loss, accuracy = loop.train([batch])
                    mlflow.log_metric("train/loss", loss, step=step)
                    mlflow.log_metric("train/accuracy", accuracy, step=step)
                    step += 1
                accuracy = loop.test(held_out)
                mlflow.log_metric("validation/accuracy", accuracy, step=epoch)
                tune.report({"accuracy": accuracy, "epoch": epoch, "at": time.time()})

    return _run(tune, tune.with_parameters(trainable, task=task), task, scheduler, folder, started)


def tuned(task: Task) -> Epochs:
    """Run a class trainable in reused actors, logging an epoch's numbers in one call."""
    os.environ["TUNE_DISABLE_AUTO_CALLBACK_LOGGERS"] = "1"
    tune, scheduler, folder, started = _begin(task)
    uri = f"sqlite:///{folder / 'mlflow.db'}"

    class Trainable(tune.Trainable):  # type: ignore[name-defined, misc]
        def setup(self, config: dict[str, Any], task: Task) -> None:
            from mlflow import MlflowClient

            torch.set_num_threads(1)
            self.task, self.client = task, MlflowClient(uri)
            self.batches = train_loader(task.train, tuned=True, batch_size=task.batch_size)
            self.held_out = DataLoader(
                PILImages(task.validation, PLAIN), 1000, num_workers=WORKERS,
                persistent_workers=True,
            )  # fmt: skip
            self.reset_config(config)

        def reset_config(self, new_config: dict[str, Any]) -> bool:
            self.loop, self.epochs = _loop(self.task, new_config["lr"], tuned=True), 0
            self.run = self.client.create_run("0").info.run_id
            self.client.log_param(self.run, "lr", new_config["lr"])
            return True

        def step(self) -> dict[str, Any]:
            from mlflow.entities import Metric

            self.epochs += 1
            loss, train_accuracy = self.loop.train(self.batches)
            accuracy = self.loop.test(self.held_out)
            at = int(time.time() * 1000)
            values = {"train/loss": loss, "train/accuracy": train_accuracy,
                      "validation/accuracy": accuracy}  # fmt: skip
            points = [Metric(name, value, at, self.epochs) for name, value in values.items()]
            self.client.log_batch(self.run, points)
            done = self.epochs == self.task.epochs
            return {"accuracy": accuracy, "epoch": self.epochs, "at": time.time(), "done": done}

    trainable = tune.with_parameters(Trainable, task=task)
    return _run(tune, trainable, task, scheduler, folder, started, reuse_actors=True)


def _loop(task: Task, rate: float, *, tuned: bool) -> ClassicLoop:
    torch.manual_seed(0)
    network = task.model.build(task.shape)
    optimizer = torch.optim.SGD(network.parameters(), lr=rate, momentum=0.9, weight_decay=5e-4)
    return ClassicLoop(
        network, tuned=tuned, device="cuda" if task.gpus else "cpu", optimizer=optimizer
    )


def _begin(task: Task) -> tuple[Any, Any, Path, float]:
    """Start the clock, then Ray, and make the tables of MLflow before workers race for it."""
    os.environ["RAY_AIR_NEW_OUTPUT"] = "0"
    import ray
    from mlflow import MlflowClient
    from ray import tune
    from ray.tune.schedulers import ASHAScheduler

    started = time.time()
    ray.init(
        address="local", num_cpus=task.slots, num_gpus=1 if task.gpus else 0,
        include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR,
    )  # fmt: skip
    for name in ("ray.tune", "ray.tune.tune"):
        logging.getLogger(name).setLevel(logging.ERROR)
    folder = Path(tempfile.mkdtemp(prefix="benchmark-"))
    client = MlflowClient(f"sqlite:///{folder / 'mlflow.db'}")
    client.create_experiment("stock", str(folder / "artifacts"))
    scheduler = ASHAScheduler(
        time_attr="epoch", metric="accuracy", mode="max", max_t=task.epochs,
        grace_period=task.grace, reduction_factor=task.factor,
    )  # fmt: skip
    return tune, scheduler, folder, started


def _run(
    tune: Any, trainable: Any, task: Task, scheduler: Any, folder: Path, started: float,
    **settings: Any,
) -> Epochs:  # fmt: skip
    seen: Epochs = []

    class Watch(tune.Callback):  # type: ignore[misc]
        def on_trial_result(
            self, iteration: int, trials: list[Any], trial: Any, result: Any, **_: Any
        ) -> None:
            seen.append((result["at"] - started, result["accuracy"]))

    tune.run(
        trainable,
        config={"lr": tune.grid_search(list(task.rates))},
        resources_per_trial={"cpu": 1, "gpu": task.gpus},
        scheduler=scheduler,
        callbacks=[Watch()],
        storage_path=str(folder),
        verbose=0,
        **settings,
    )
    return [*seen, (time.time() - started, 0.0)]

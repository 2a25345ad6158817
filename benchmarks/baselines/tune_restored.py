"""A search under stock Ray Tune that can be gone on with: `Tuner`, and `Tuner.restore` after that.

As Ray's guides have it: a class trainable with a checkpoint an epoch, `OptunaSearch` in a file,
`ASHAScheduler` and `MLflowLoggerCallback`. What it trains is our own recipe with our own trainer,
so that only the sweep differs. Ray wants a process of its own.
"""

import os
from pathlib import Path
from typing import Any

from cifar_models import checkpoint as checkpoints
from cifar_models.numerics import Numerics
from cifar_models.recipe import Recipe
from cifar_models.splits import partition
from cifar_models.training import train

NAME = "stock"
SUGGESTIONS = "optuna.jsonl"


def search(folder: Path, base: Recipe, trials: int, slots: int) -> None:
    """Begin the search of a folder, or go on with it; each epoch is a line of ``epochs``."""
    os.environ["RAY_AIR_NEW_OUTPUT"] = "0"
    os.environ["TUNE_DISABLE_AUTO_CALLBACK_LOGGERS"] = "1"
    import ray
    from ray import tune

    ray.init(address="local", num_cpus=slots, include_dashboard=False, log_to_driver=False)
    trainable = tune.with_resources(
        tune.with_parameters(_trainable(tune), base=base.to_plain(), lines=folder / "epochs"),
        {"cpu": 1},
    )
    if (folder / NAME).exists():
        tuner = tune.Tuner.restore(str(folder / NAME), trainable, resume_errored=True)
    else:
        tuner = _new(tune, trainable, folder, base, trials, slots)
    tuner.fit()


def _new(
    tune: Any, trainable: Any, folder: Path, base: Recipe, trials: int, slots: int
) -> Any:  # fmt: skip
    import optuna
    from optuna.storages.journal import JournalFileBackend
    from ray.air.integrations.mlflow import MLflowLoggerCallback
    from ray.tune.schedulers import ASHAScheduler
    from ray.tune.search.optuna import OptunaSearch

    storage = optuna.storages.JournalStorage(JournalFileBackend(str(folder / SUGGESTIONS)))
    mlflow = MLflowLoggerCallback(f"sqlite:///{folder / 'mlflow.db'}", experiment_name=NAME)
    return tune.Tuner(
        trainable,
        param_space={"lr": tune.loguniform(1e-3, 1.0)},
        tune_config=tune.TuneConfig(
            metric="accuracy", mode="max", num_samples=trials, max_concurrent_trials=slots,
            search_alg=OptunaSearch(storage=storage, study_name=NAME, seed=0),
            scheduler=ASHAScheduler(
                time_attr="epoch", max_t=base.epochs, grace_period=1, reduction_factor=3
            ),
            reuse_actors=True,
        ),
        run_config=tune.RunConfig(
            name=NAME, storage_path=str(folder), callbacks=[mlflow], verbose=0,
            checkpoint_config=tune.CheckpointConfig(checkpoint_frequency=1),
        ),
    )  # fmt: skip


def _trainable(tune: Any) -> Any:
    """Return a class trainable around our trainer."""

    class Trainable(tune.Trainable):  # type: ignore[misc]
        def setup(self, config: dict[str, Any], base: dict[str, Any], lines: Path) -> None:
            self.base, self.lines = Recipe.parse(base), lines
            data = self.base.dataset.build(None)
            self.parts, self.classes = partition(data, self.base.split), len(data.classes)
            self.reset_config(config)

        def reset_config(self, new_config: dict[str, Any]) -> bool:
            self.recipe = self.base.replace({"optimizer.lr": new_config["lr"]})
            self._begin(None)
            return True

        def _begin(self, checkpoint: Any) -> None:
            self.training = train(
                self.recipe, 0, self.parts.train, self.parts.validation, Numerics(),
                self.classes, checkpoint,
            )  # fmt: skip

        def step(self) -> dict[str, Any]:
            result = next(self.training)
            with self.lines.open("a") as lines:
                lines.write(f"{self.trial_id} {result.epoch}\n")
            accuracy = result.metrics.get("validation/accuracy", 0.0)
            done = result.status != "running"
            return {"accuracy": accuracy, "epoch": result.epoch, "done": done}

        def save_checkpoint(self, checkpoint_dir: str) -> None:
            checkpoints.save(self.training.checkpoint(), f"{checkpoint_dir}/last")

        def load_checkpoint(self, checkpoint: str) -> None:
            self._begin(checkpoints.restore(f"{checkpoint}/last"))

    return Trainable

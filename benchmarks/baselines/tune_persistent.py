"""Ray Tune as one would want it for many short trials: guided by Optuna, and nothing is lost.

`OptunaSearch` with its trials in a file, `MLflowLoggerCallback`, reused actors, none of Tune's own
loggers. Ray wants a process of its own.
"""

import logging
import os
import tempfile
import time
from pathlib import Path
from typing import Any


def search(trials: int, slots: int, seconds: float) -> float:
    """Return the seconds from the first trial on of a search whose trials sleep so long."""
    tune = _tune(slots)
    from mlflow import MlflowClient
    from ray.air.integrations.mlflow import MLflowLoggerCallback
    from ray.tune.search import ConcurrencyLimiter

    folder = Path(tempfile.mkdtemp(prefix="benchmark-"))
    uri = f"sqlite:///{folder / 'mlflow.db'}"
    MlflowClient(uri).search_experiments()  # makes the tables
    begun: list[float] = []

    class Clock(tune.Callback):  # type: ignore[name-defined, misc]
        def on_trial_start(self, *_: Any, **__: Any) -> None:
            if not begun:
                begun.append(time.perf_counter())

    tune.run(
        _sleeps(tune, seconds),
        config={"lr": tune.loguniform(1e-4, 1.0)},
        num_samples=trials,
        search_alg=ConcurrencyLimiter(_searcher(folder), slots),
        resources_per_trial={"cpu": 1},
        callbacks=[Clock(), MLflowLoggerCallback(uri, experiment_name="stock")],
        reuse_actors=True,
        checkpoint_config=tune.CheckpointConfig(checkpoint_at_end=False),
        storage_path=str(folder),
        verbose=0,
    )
    return time.perf_counter() - begun[0]


def _tune(slots: int) -> Any:
    os.environ["TUNE_DISABLE_AUTO_CALLBACK_LOGGERS"] = "1"
    os.environ["RAY_AIR_NEW_OUTPUT"] = "0"
    import ray
    from ray import tune

    ray.init(
        address="local", num_cpus=slots, include_dashboard=False, log_to_driver=False,
        logging_level=logging.ERROR,
    )  # fmt: skip
    for name in ("ray.tune", "ray.tune.tune"):
        logging.getLogger(name).setLevel(logging.ERROR)
    return tune


def _sleeps(tune: Any, seconds: float) -> Any:
    """Return a class trainable of one step, which actors can reuse."""

    class Sleeps(tune.Trainable):  # type: ignore[misc]
        def step(self) -> dict[str, Any]:
            time.sleep(seconds)
            return {"accuracy": self.config["lr"], "done": True}

        def reset_config(self, new_config: dict[str, Any]) -> bool:
            return True

    return Sleeps


def _searcher(folder: Path) -> Any:
    """Return Tune's searcher with the fastest of Optuna's storages that last."""
    import optuna
    from optuna.storages.journal import JournalFileBackend
    from ray.tune.search.optuna import OptunaSearch

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    storage = optuna.storages.JournalStorage(JournalFileBackend(str(folder / "optuna.jsonl")))
    return OptunaSearch(metric="accuracy", mode="max", storage=storage, seed=0)

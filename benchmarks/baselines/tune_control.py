"""Ray Tune with trials that do nothing: as a user's script has it, and with nothing but Tune.

Ray reads its settings from the environment when it is imported: each function wants a process of
its own, and imports Ray itself.
"""

import logging
import os
import tempfile
import time
from pathlib import Path
from typing import Any


def as_users_run_it(trials: int) -> float:
    """Return the seconds of a sweep with Tune's default loggers and its callback for MLflow."""
    tune = _tune()
    from mlflow import MlflowClient
    from ray.air.integrations.mlflow import MLflowLoggerCallback

    folder = Path(tempfile.mkdtemp(prefix="benchmark-"))
    uri = f"sqlite:///{folder / 'mlflow.db'}"
    MlflowClient(uri).search_experiments()  # makes the tables
    callback = MLflowLoggerCallback(tracking_uri=uri, experiment_name="stock")
    started = time.perf_counter()
    tune.run(
        _trains_nothing,
        config={"lr": tune.loguniform(1e-4, 1.0)},
        num_samples=trials,
        resources_per_trial={"cpu": 1},
        callbacks=[callback],
        storage_path=str(folder),
        verbose=0,
    )
    return time.perf_counter() - started


def bare(trials: int) -> float:
    """Return the seconds of a sweep with reused actors and no logger, from its first trial on."""
    os.environ["TUNE_DISABLE_AUTO_CALLBACK_LOGGERS"] = "1"
    os.environ["TUNE_GLOBAL_CHECKPOINT_S"] = "1000000000"
    tune = _tune()
    begun: list[float] = []

    class Clock(tune.Callback):  # type: ignore[name-defined, misc]
        def on_trial_start(self, *_: Any, **__: Any) -> None:
            if not begun:
                begun.append(time.perf_counter())

    class Nothing(tune.Trainable):  # type: ignore[name-defined, misc]
        def step(self) -> dict[str, Any]:
            return {"accuracy": 0.5, "done": True}

        def reset_config(self, new_config: dict[str, Any]) -> bool:
            return True

    tune.run(
        Nothing,
        config={"lr": tune.loguniform(1e-4, 1.0)},
        num_samples=trials,
        resources_per_trial={"cpu": 1},
        callbacks=[Clock()],
        reuse_actors=True,
        checkpoint_config=tune.CheckpointConfig(checkpoint_at_end=False),
        storage_path=tempfile.mkdtemp(prefix="benchmark-"),
        verbose=0,
    )
    return time.perf_counter() - begun[0]


def _trains_nothing(config: dict[str, Any]) -> None:  # noqa: ARG001
    from ray import tune

    tune.report({"accuracy": 0.5})


def _tune() -> Any:
    os.environ["RAY_AIR_NEW_OUTPUT"] = "0"
    import ray
    from ray import tune

    ray.init(
        address="local", include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR
    )
    for name in ("ray.tune", "ray.tune.tune"):
        logging.getLogger(name).setLevel(logging.ERROR)
    return tune

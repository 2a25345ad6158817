"""Ray Tune's own Optuna search under ASHA, as its documentation has it, on looked-up curves."""

import logging
import os
import tempfile
from dataclasses import dataclass
from typing import Any

from benchmarks.data.surrogate import recorded

Reported = list[tuple[str, int, float]]
"""Trial, epoch and validation accuracy, in the order of their arrival."""


@dataclass(frozen=True)
class Searched:
    """What a search did, and what its Optuna study was told.

    Attributes:
        reported: every epoch.
        told: of each of Optuna's trials its state, and how many epochs it had trained.
    """

    reported: Reported
    told: list[tuple[str, int]]


def stock(trials: int, seed: int, slots: int) -> Searched:
    """Search with `OptunaSearch` and `ASHAScheduler`; in a process of its own."""
    tune = _tune()
    import optuna
    from ray.tune.schedulers import ASHAScheduler
    from ray.tune.search import ConcurrencyLimiter
    from ray.tune.search.optuna import OptunaSearch

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    reported: Reported = []
    searcher = OptunaSearch(
        metric="accuracy", mode="max", sampler=optuna.samplers.TPESampler(seed=seed)
    )
    tune.run(
        _trainable(tune),
        config={
            "lr": tune.loguniform(1e-3, 1.0),
            "weight_decay": tune.loguniform(1e-6, 1e-2),
            "activation": tune.choice(["relu", "tanh"]),
        },
        num_samples=trials,
        search_alg=ConcurrencyLimiter(searcher, slots),
        scheduler=ASHAScheduler(
            time_attr="epoch", metric="accuracy", mode="max", max_t=recorded().epochs,
            grace_period=1, reduction_factor=3,
        ),
        resources_per_trial={"cpu": 1},
        callbacks=[_watch(tune, reported)],
        reuse_actors=True,
        storage_path=tempfile.mkdtemp(prefix="benchmark-"),
        verbose=0,
    )  # fmt: skip
    epochs: dict[str, int] = {}
    for trial, epoch, _ in reported:
        epochs[trial] = max(epoch, epochs.get(trial, 0))
    names = {trial.number: name for name, trial in searcher._ot_trials.items()}
    study: Any = searcher._ot_study
    told = [(t.state.name, epochs.get(names.get(t.number, ""), 0)) for t in study.get_trials()]
    return Searched(reported, told)


def _tune() -> Any:
    for name in ("TUNE_DISABLE_AUTO_CALLBACK_LOGGERS", "TUNE_DISABLE_STRICT_METRIC_CHECKING"):
        os.environ[name] = "1"
    os.environ["RAY_AIR_NEW_OUTPUT"] = "0"
    import ray
    from ray import tune

    ray.init(
        address="local", include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR
    )
    return tune


def _trainable(tune: Any) -> Any:
    """Return a class trainable, which actors can reuse, that looks its curve up."""

    class Trainable(tune.Trainable):  # type: ignore[misc]
        def setup(self, config: dict[str, Any]) -> None:
            self.reset_config(config)

        def reset_config(self, new_config: dict[str, Any]) -> bool:
            self.curve, self.epoch = recorded().curve(**new_config), 0
            return True

        def step(self) -> dict[str, Any]:
            self.epoch += 1
            done = self.epoch == len(self.curve)
            return {"accuracy": self.curve[self.epoch - 1], "epoch": self.epoch, "done": done}

    return Trainable


def _watch(tune: Any, reported: Reported) -> Any:
    """Return a callback that keeps what trials report."""

    class Watch(tune.Callback):  # type: ignore[misc]
        def on_trial_result(
            self, iteration: int, trials: Any, trial: Any, result: dict[str, Any], **_: Any
        ) -> None:
            reported.append((trial.trial_id, result["epoch"], result["accuracy"]))

    return Watch()

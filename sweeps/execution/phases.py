"""Running the phases of a study under Ray Tune: outcomes go to the journal."""

import os
import shutil
import signal
import tempfile
from typing import Any

import ray
from ray import tune

from cifar_models.source_file import SourceFile
from sweeps.execution.chain import Chain, Interrupted, Recording, Scheduling
from sweeps.execution.ray_session import Resources
from sweeps.execution.trainable import Trainable


def run_phases(
    chain: Chain,
    images: dict[str, ray.ObjectRef[Any]],
    sources: tuple[SourceFile, ...],
    resources: Resources,
    time_budget: float | None = None,
) -> None:
    """Run trials until there are no more.

    Args:
        chain: The phases; it has found one with something to do.
        images: What trials see of each data set, by its key.
        sources: Files with a user's own components.
        resources: Of one trial.
        time_budget: Seconds for all phases together.

    Raises:
        Interrupted: A signal or the time budget ended it; everything is recorded.
    """
    trainable = tune.with_resources(
        tune.with_parameters(
            Trainable, images=images, sources=sources, gpus=resources.gpus_per_trial
        ),
        {"cpu": resources.cpus_per_trial, "gpu": resources.gpus_per_trial},
    )
    try:
        _tune(trainable, chain, resources.slots, time_budget)
        if chain.error:
            raise chain.error
        if not chain.done:
            chain.conclude()
            raise Interrupted
    finally:
        chain.phase.progress.stop()


def _tune(trainable: Any, chain: Chain, slots: int, time_budget: float | None) -> None:
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    signal.signal(signal.SIGTERM, _end_well)
    # Workers start together; for a search of one's own Tune would start one after another.
    os.environ["TUNE_MAX_PENDING_TRIALS_PG"] = str(slots)
    scratch = tempfile.mkdtemp(prefix="sweeps-")  # Tune insists on a folder a trial
    try:
        tune.run(
            trainable,
            name="tune",
            search_alg=chain,
            scheduler=Scheduling(chain, slots),
            callbacks=[Recording(chain)],
            storage_path=scratch,
            checkpoint_config=tune.CheckpointConfig(checkpoint_at_end=False),
            reuse_actors=True,
            raise_on_failed_trial=False,
            time_budget_s=time_budget,
            verbose=0,
        )
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
        for number, handler in handlers.items():  # Tune's own would swallow the next
            signal.signal(number, handler)


def _end_well(*_: Any) -> None:
    """Let Tune end as it does on SIGINT and SIGUSR1; the next SIGTERM ends at once.

    SIGTERM would reach Ray's own handler, which aborts.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    signal.raise_signal(signal.SIGUSR1)

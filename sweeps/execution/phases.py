"""One phase of a study under Ray Tune: trials from a source, outcomes in the journal."""

import os
import shutil
import signal
import tempfile
from collections.abc import Callable
from typing import Any

import ray
from ray import tune

from cifar_models.source_file import SourceFile
from sweeps.execution.lean_tune import LeanScheduler
from sweeps.execution.progress import Progress, last_line
from sweeps.execution.ray_session import Resources
from sweeps.execution.recorder import Recorder
from sweeps.execution.trainable import Trainable
from sweeps.execution.trial_source import TrialSource
from sweeps.record.journal import Journal
from sweeps.record.tracking import Tracker

_WORKER_DEATHS = 3
"""How often a trial goes on from its checkpoint after its worker died."""
_MEMORY_KILLS = 5
"""How often Ray's memory monitor may end a phase before we give up."""


Begin = Callable[[], tuple[TrialSource, Any]]
"""Returns trials and their scheduler (None: first come, first served) as the record has them."""


class Interrupted(Exception):
    """A phase ended before all of its trials did: a signal, the time budget, or lost workers."""


def run_phase(
    begin: Begin,
    images: dict[str, ray.ObjectRef[Any]],
    sources: tuple[SourceFile, ...],
    resources: Resources,
    journal: Journal,
    tracker: Tracker,
    progress: Progress,
    time_budget: float | None = None,
) -> None:
    """Run trials until the source has no more.

    Raises:
        Interrupted: A signal or the time budget ended it; everything is recorded.
    """
    trainable = tune.with_resources(
        tune.with_parameters(
            Trainable, images=images, sources=sources, gpus=resources.gpus_per_trial
        ),
        {"cpu": resources.cpus_per_trial, "gpu": resources.gpus_per_trial},
    )
    for kills_left in reversed(range(_MEMORY_KILLS)):
        source, scheduler = begin()
        recorder = Recorder(source, journal, tracker, progress)
        try:
            _tune(trainable, source, scheduler, recorder, time_budget)
        except RuntimeError as error:
            # Ray's memory monitor ends the whole run, perhaps for an innocent trial's sake.
            if not isinstance(error.__cause__, ray.exceptions.OutOfMemoryError) or not kills_left:
                raise
            recorder.on_experiment_end([])
            continue
        progress.finish(source.handed_out)
        ended = all(journal[name].ended(source.study) for name in source.handed_out)
        if not (ended and source.exhausted):
            reasons = [journal[name].reason for name in source.handed_out
                       if journal[name].status == "interrupted"]  # fmt: skip
            raise Interrupted(last_line(next(filter(None, reasons), "")))
        return


def _tune(
    trainable: Any,
    source: TrialSource,
    scheduler: Any,
    recorder: Recorder,
    time_budget: float | None,
) -> None:
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    # Tune ends well on SIGINT and SIGUSR1; SIGTERM would reach Ray's handler, which aborts.
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGUSR1))
    # Workers start together; for a search of one's own Tune would start one after another.
    os.environ["TUNE_MAX_PENDING_TRIALS_PG"] = str(source.slots)
    scratch = tempfile.mkdtemp(prefix="sweeps-")  # Tune insists on a folder a trial
    try:
        tune.run(
            trainable,
            name="tune",
            search_alg=source,
            scheduler=scheduler or LeanScheduler(),  # type: ignore[no-untyped-call]
            callbacks=[recorder],
            storage_path=scratch,
            checkpoint_config=tune.CheckpointConfig(checkpoint_at_end=False),
            reuse_actors=True,
            max_failures=_WORKER_DEATHS,
            raise_on_failed_trial=False,
            time_budget_s=time_budget,
            verbose=0,
        )
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
        for (
            number,
            handler,
        ) in handlers.items():  # Tune's own would swallow the next
            signal.signal(number, handler)

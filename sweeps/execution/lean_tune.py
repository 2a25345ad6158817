"""Ray Tune without what it would do once a trial, or once a step, that nobody needs here."""

from typing import Any

import ray
from ray.exceptions import OutOfMemoryError, RayActorError, RayTaskError
from ray.tune.experiment import Experiment, Trial
from ray.tune.registry import get_trainable_cls
from ray.tune.schedulers import FIFOScheduler

from sweeps.execution.faults import MemoryKill


class LeanTrial(Trial):
    """A trial of Ray Tune's that asks the cluster nothing and leaves no snapshot of itself.

    Tune's own looks its trainable up in the cluster's key-value store five times a trial, 2 ms
    each, and unpickles it anew, so that no actor class is ever found again; its snapshot at the
    end of an experiment takes another 3 ms, and the journal has all of it.

    Tune never has it go on after a lost worker: it would be told twice of a worker that was lost
    before it got the trial, and then give it up. Another one of its name goes on.
    """

    error: Exception
    """What ended it, if something did."""

    def __init__(self, template: "Template", trial_id: str, config: dict[str, Any]) -> None:
        experiment = template.experiment
        self._template = template
        super().__init__(
            experiment.run_identifier,
            config=config,
            trial_id=trial_id,
            storage=experiment.storage,
            checkpoint_config=experiment.checkpoint_config,
            trial_name_creator=_name,
            trial_dirname_creator=_name,
            stub=True,  # or the constructor looks the trainable up
        )

    def get_trainable_cls(self) -> Any:
        """Return the trainable that all trials of the experiment share."""
        return self._template.trainable

    def create_placement_group_factory(self) -> None:
        """Ask for the resources that all trials of the experiment share."""
        self.placement_group_factory = self._template.resources

    def handle_error(self, exc: Any = None) -> None:
        """Keep the error, in no file."""
        self.error = exc

    def should_recover(self) -> bool:
        """Return that it shall not."""
        return False

    def get_json_state(self) -> tuple[str, str]:
        """Return nothing to be saved."""
        return "", ""


class Template:
    """What the trials of one experiment share."""

    def __init__(self, experiment: Experiment) -> None:
        self.experiment = experiment
        self.trainable: Any = get_trainable_cls(  # type: ignore[no-untyped-call]
            experiment.run_identifier
        )
        self.resources = self.trainable.default_resource_request({})


class LeanScheduler(FIFOScheduler):
    """First come, first served; also a mixin for schedulers that never pause a trial.

    Stock schedulers look through all trials at every step for one to run, and choose the oldest
    that waits: a worker that is free takes the trial for which another worker is just starting, and
    that one is killed before it ever ran. Without a choice Tune gives a free worker to the
    newest trial.
    """

    def choose_trial_to_run(self, controller: Any) -> Trial | None:
        """Leave it to Tune."""
        return None


def keep_workers(controller: Any, trial: Trial, count: int) -> None:
    """Let workers with a trial's resources wait for work: so many more, until Tune ends.

    Tune keeps but one that has no trial, and starts all others anew for the next.
    """
    cache = controller._tune_controller._actor_cache
    cache.increase_max(trial.placement_group_factory, count)


def tell_all_losses(controller: Any) -> None:
    """Let Tune take any loss of a worker as the end of a trial: some would end its whole run."""
    manager = controller._tune_controller._actor_manager
    failed = manager._actor_task_failed

    def told(tracked_actor_task: Any, exception: Exception) -> None:
        if not isinstance(exception, (RayActorError, RayTaskError)):
            worker, _ = manager._live_actors_to_ray_actors_resources[
                tracked_actor_task._tracked_actor
            ]
            memory = isinstance(exception, OutOfMemoryError)
            loss = MemoryKill if memory else RayActorError
            exception = loss(worker._actor_id.hex(), str(exception))
        failed(tracked_actor_task=tracked_actor_task, exception=exception)

    manager._actor_task_failed = told


def end(controller: Any, trial: Trial, why: Exception) -> None:
    """End a trial on a worker, and the worker, whatever it is doing."""
    worker = trial.temporary_state.ray_actor
    assert worker is not None, "it is on one"
    controller._tune_controller._process_trial_failure(trial, why)
    ray.kill(worker)


def _name(trial: Trial) -> str:
    return str(trial.trial_id)

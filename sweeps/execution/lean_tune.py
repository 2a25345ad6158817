"""Ray Tune without what it would do once a trial, or once a step, that nobody needs here."""

from typing import Any

import ray
from ray.exceptions import OutOfMemoryError, RayActorError, RayTaskError
from ray.tune import PlacementGroupFactory
from ray.tune.experiment import Experiment, Trial
from ray.tune.registry import get_trainable_cls
from ray.tune.schedulers import FIFOScheduler
from ray.util.placement_group import placement_group_table

from sweeps.execution.faults import MemoryKill

_NODE = "ray.io/node-id"
"""The label that Ray gives every node."""


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
    too_small: tuple[str, ...]
    """Nodes whose GPU it does not fit on."""

    def __init__(
        self, template: "Template", trial_id: str, config: dict[str, Any],
        too_small: tuple[str, ...] = (),
    ) -> None:  # fmt: skip
        experiment = template.experiment
        self._template = template
        self.too_small = too_small if template.gpus else ()
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
        """Ask for the resources that all trials share, but not on nodes that are too small."""
        self.placement_group_factory: Any = self._template.request(self.too_small)

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
        self.resources: PlacementGroupFactory = self.trainable.default_resource_request({})
        self.gpus: float = self.resources.required_resources.get("GPU", 0.0)

    def request(self, without: tuple[str, ...]) -> PlacementGroupFactory:
        """Return the request for a trial's resources on any node but some.

        A node that joins is none of those, so that nothing waits for a certain machine.
        """
        if not without:
            return self.resources
        elsewhere = {_NODE: f"!in({','.join(without)})"}
        return PlacementGroupFactory(self.resources.bundles, bundle_label_selector=[elsewhere])


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


def keep_workers(controller: Any, template: Template, count: int) -> None:
    """Let workers with the resources of all trials wait for work: so many more, until Tune ends.

    Tune keeps but one that has no trial, and starts all others anew for the next.
    """
    cache = controller._tune_controller._actor_cache
    cache.increase_max(template.resources, count)


def make_way(controller: Any) -> None:
    """End idle workers on those nodes where trials wait to go that are too large for others.

    Idle workers keep their GPU, and take no trial that asks for another node than they did.
    """
    tune = controller._tune_controller
    waiting = tune._actor_manager._pending_actors_to_attrs
    cramped = [
        trial for trial in tune._pending_trials
        if trial.too_small and tune._trial_to_actor.get(trial) in waiting
    ]  # fmt: skip
    if len(cramped) <= len(tune._stopping_actors):  # which make way as well
        return
    for idle in tune._actor_cache._cached_objects.values():
        for worker in list(idle):
            if any(_sits_elsewhere(tune, worker, trial.too_small) for trial in cramped):
                idle.remove(worker)
                tune._actor_cache._num_cached_objects -= 1
                worker.set_on_stop(None)
                worker.set_on_error(None)
                tune._remove_actor(tracked_actor=worker)
                return


def _sits_elsewhere(tune: Any, worker: Any, nodes: tuple[str, ...]) -> bool:
    _, acquired = tune._actor_manager._live_actors_to_ray_actors_resources[worker]
    where = placement_group_table(acquired.placement_group)["bundles_to_node_id"]
    return not set(where.values()) & set(nodes)


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

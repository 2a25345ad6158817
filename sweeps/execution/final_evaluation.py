"""The one look at the test images: finished trials of an ablation, after all choices are made."""

from collections.abc import Iterable, Iterator
from typing import Any

from ray.tune.experiment import Trial

from cifar_models import checkpoint as checkpoints
from search_spaces.study import Study
from sweeps.execution.faults import Fault
from sweeps.execution.images import ImageStore
from sweeps.execution.recorder import Recorder
from sweeps.execution.trial_source import PlannedTrials, data_key
from sweeps.record.identity import TrialSpec
from sweeps.record.journal import Journal
from sweeps.record.places import checkpoint_url

_SUFFIX = "-test"


def weightless(
    specs: Iterable[TrialSpec], journal: Journal, rule: str, storage: str
) -> Iterator[str]:
    """Yield the finished trials that want their last evaluation and whose weights are gone."""
    for spec in specs:
        record = journal[spec.id]
        if record.status == "finished" and rule not in record.tests:
            try:
                checkpoints.load(checkpoint_url(storage, spec.id))
            except (FileNotFoundError, ValueError):
                yield spec.id


class FinalEvaluations(PlannedTrials):
    """Trials that were trained, for a worker that shall evaluate their weights."""

    def __init__(
        self, specs: Iterable[TrialSpec], study: Study, images: ImageStore,
        journal: Journal, storage: str, slots: int,
    ) -> None:  # fmt: skip
        self.rule, self.images = study.selection, images
        super().__init__(specs, study.name, journal, storage, slots)

    def settled(self, trial: str) -> bool:
        """Whether the journal has the test metrics."""
        return self.rule in self.journal[trial].tests

    def ray_name(self, spec: TrialSpec) -> str:
        """Return another name than the training's, in the same run of Ray Tune."""
        return spec.id + _SUFFIX

    def config(self, spec: TrialSpec) -> dict[str, Any]:
        """Return what the worker is told: the only one that is given test images."""
        return {
            "spec": spec.to_json(),
            "data": f"test images of {data_key(spec.recipe, spec.seed)}",
            "test": self.images.share_test(spec.recipe, spec.seed),
            "checkpoint": checkpoint_url(self.storage, spec.id),
            "selection": self.rule,
        }


class FinalRecorder(Recorder):
    """Writes down test metrics."""

    def on_trial_start(self, iteration: int, trials: list[Trial], trial: Trial, **_: Any) -> None:
        """Nothing of the training changes."""

    def on_trial_result(
        self, iteration: int, trials: list[Trial], trial: Trial, result: dict[str, Any], **_: Any
    ) -> None:
        """Record the metrics."""
        name = trial.trial_id.removesuffix(_SUFFIX)
        rule = trial.config["selection"]
        self.journal.append("test", name, selection=rule, metrics=result["metrics"])
        self.tracker.changed(name)

    def on_trial_complete(
        self, iteration: int, trials: list[Trial], trial: Trial, **_: Any
    ) -> None:
        """Nothing is to be freed."""

    def give_up(self, trial: str, fault: Fault) -> None:
        """Remember why: the same command goes on with it."""
        self.lost.append(fault.reason)

    def on_experiment_end(self, trials: list[Trial], **_: Any) -> None:
        """Nothing of the training is open."""

"""What Ray Tune asks for trials: a fixed list, or (in `optuna_source`) a search.

A `SearchAlgorithm` and not a `Searcher`, so that Ray's trial ids are our identities.
"""

from abc import abstractmethod
from collections import deque
from collections.abc import Iterable
from typing import Any

from ray.tune.experiment import Trial
from ray.tune.search import SearchAlgorithm

from cifar_models.recipe import Recipe
from sweeps.execution.lean_tune import LeanTrial, Template
from sweeps.record.identity import TrialSpec
from sweeps.record.journal import Journal


class TrialSource(SearchAlgorithm):
    """Hands out trials that still have something to train, at most ``slots`` at a time."""

    def __init__(self, study: str, journal: Journal, storage: str, slots: int) -> None:
        self.study, self.journal, self.storage, self.slots = study, journal, storage, slots
        self.live: dict[str, TrialSpec] = {}
        self.handed_out: list[str] = []
        self.exhausted = False
        self._template: Template | None = None

    @abstractmethod
    def next_spec(self) -> TrialSpec | None:
        """Return the next trial to train, None when there is none left."""

    def ended(self, trial: str) -> None:
        """Take notice that a handed-out trial has left its worker; the journal says how."""

    def ready(self) -> bool:
        """Whether a trial can be handed out now."""
        return len(self.live) < self.slots

    def recorded_epochs(self, trial: str) -> int:
        """Return the epochs that a trial need not report again."""
        return self.journal[trial].epochs

    # ------------------------------------------------------------------ what Ray Tune calls

    def add_configurations(self, experiments: Any) -> None:
        """Take the experiment whose settings every trial shares."""
        experiment = experiments[0] if isinstance(experiments, list) else experiments
        self._template = Template(experiment)

    def next_trial(self) -> Trial | None:
        """Return a Ray trial; None while there is no place, or for good when it is finished.

        With no trial alive it never returns None without being finished: Tune would sleep.
        """
        if self.is_finished() or not self.ready():
            return None
        spec = self.next_spec()
        if spec is None:
            self.exhausted = True
            self._finished = True
            return None
        self.live[spec.id] = spec
        self.handed_out.append(spec.id)
        if not self.journal[spec.id].spec:
            self.journal.append("trial", spec.id, spec=spec.to_json())
        assert self._template is not None
        config = {
            "spec": spec.to_json(),
            "data": data_key(spec.recipe),
            "checkpoint": checkpoint_url(self.storage, spec.id),
            "recorded_epochs": self.recorded_epochs(spec.id),
        }
        return LeanTrial(self._template, spec.id, config)

    def on_trial_complete(
        self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False
    ) -> None:
        """Free the slot."""
        if self.live.pop(trial_id, None):
            self.ended(trial_id)


class PlannedTrials(TrialSource):
    """A fixed list: an ablation's cells, or recipes that are trained again."""

    def __init__(
        self, specs: Iterable[TrialSpec], study: str, journal: Journal, storage: str, slots: int
    ) -> None:
        super().__init__(study, journal, storage, slots)
        self._waiting = deque(spec for spec in specs if not journal[spec.id].ended(study))

    def next_spec(self) -> TrialSpec | None:
        """Return the next trial of the list."""
        return self._waiting.popleft() if self._waiting else None


def checkpoint_url(storage: str, trial: str) -> str:
    """Return the path or URL of a trial's checkpoint."""
    return f"{storage.rstrip('/')}/checkpoints/{trial}.pt"


def data_key(recipe: Recipe) -> str:
    """Return the key of the images that a recipe trains on: data set and split."""
    return f"{recipe.dataset.model_dump_json()} {recipe.split.model_dump_json()}"

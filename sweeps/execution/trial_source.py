"""Where the trials of a phase come from: a fixed list, or (in `optuna_source`) a search."""

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any

from ray.tune.experiment import Trial

from cifar_models.recipe import Recipe
from sweeps.execution.cards import Cards
from sweeps.execution.lean_tune import LeanTrial, Template
from sweeps.record.identity import TrialSpec
from sweeps.record.journal import Journal
from sweeps.record.places import checkpoint_url


class TrialSource(ABC):
    """Hands out trials that still have something to do, at most ``slots`` at a time."""

    def __init__(self, study: str, journal: Journal, storage: str, slots: int) -> None:
        self.study, self.journal, self.storage, self.slots = study, journal, storage, slots
        self.live: dict[str, TrialSpec] = {}
        """Those on workers, by Ray's name for them."""
        self.handed_out: list[str] = []
        self.exhausted = False
        self.lost = False
        """Whether no more trials shall be handed out though there are some."""
        self.cards = Cards(journal)
        self._again: deque[TrialSpec] = deque()
        """Those that have lost their worker, or its node is too small, and shall get another."""

    @abstractmethod
    def next_spec(self) -> TrialSpec | None:
        """Return the next trial, None when there is none left."""

    def ended(self, trial: str) -> None:  # noqa: B027 - most sources have nothing to do
        """Take notice that a handed-out trial has left its worker; the journal says how."""

    def free(self) -> bool:
        """Whether a worker has nothing to do."""
        return len(self.live) < self.slots

    def ready(self) -> bool:
        """Whether a new trial can be handed out now."""
        return self.free()

    def recorded_epochs(self, trial: str) -> int:
        """Return the epochs that a trial need not report again."""
        return self.journal[trial].epochs

    def settled(self, trial: str) -> bool:
        """Whether the journal has what this source wanted of a trial."""
        return self.journal[trial].ended(self.study)

    def told(self) -> str:
        """Return what there is to say at the end, in a sentence; mostly nothing."""
        return ""

    def ray_name(self, spec: TrialSpec) -> str:
        """Return Ray's name for a trial: its identity."""
        return spec.id

    def config(self, spec: TrialSpec) -> dict[str, Any]:
        """Return what the worker is told."""
        return {
            "spec": spec.to_json(),
            "data": data_key(spec.recipe, spec.seed),
            "checkpoint": checkpoint_url(self.storage, spec.id),
            "recorded_epochs": self.recorded_epochs(spec.id),
        }

    # ------------------------------------------------------------------ what a chain calls

    @property
    def over(self) -> bool:
        """Whether nothing more will come of this source, and nothing is on a worker."""
        return (self.lost or (self.exhausted and not self._again)) and not self.live

    def next_trial(self, template: Template) -> Trial | None:
        """Return a Ray trial; None while there is no place, or when there are no more."""
        if self.lost or not (self.free() if self._again else self.ready()):
            return None
        spec = self._again.popleft() if self._again else self._new_spec()
        if spec is None:
            return None
        name = self.ray_name(spec)
        self.live[name] = spec
        return LeanTrial(template, name, self.config(spec), self.cards.too_small(spec))

    def hand_out_again(self, ray_name: str) -> None:
        """Let a trial go on from its checkpoint with another worker, when it has left this one."""
        self._again.append(self.live[ray_name])

    def _new_spec(self) -> TrialSpec | None:
        if self.exhausted:
            return None
        spec = self.next_spec()
        if spec is None:
            self.exhausted = True
            return None
        self.handed_out.append(spec.id)
        if not self.journal[spec.id].spec:
            self.journal.append("trial", spec.id, spec=spec.to_json())
        return spec

    def on_trial_complete(self, ray_name: str) -> None:
        """Free the slot."""
        spec = self.live.pop(ray_name, None)
        if spec:
            self.ended(spec.id)


class PlannedTrials(TrialSource):
    """A fixed list: an ablation's cells, or recipes that are trained again.

    Args:
        specs: the trials; those that have ended are left out.
        study: whose they are.
        journal: the record.
        storage: of the checkpoints.
        slots: trials at once.
        diagnostics: by trial what looks at it, as plain data.
    """

    def __init__(
        self, specs: Iterable[TrialSpec], study: str, journal: Journal, storage: str, slots: int,
        diagnostics: Mapping[str, list[dict[str, Any]]] | None = None,
    ) -> None:  # fmt: skip
        super().__init__(study, journal, storage, slots)
        self._diagnostics = diagnostics or {}
        self._waiting = deque(spec for spec in specs if not self.settled(spec.id))

    def next_spec(self) -> TrialSpec | None:
        """Return the next trial of the list."""
        return self._waiting.popleft() if self._waiting else None

    def config(self, spec: TrialSpec) -> dict[str, Any]:
        """Return what the worker is told: also what looks at the trial."""
        return super().config(spec) | {"diagnostics": self._diagnostics.get(spec.id, [])}


def data_key(recipe: Recipe, seed: int) -> str:
    """Return the key of the images that a trial trains on: data set and split."""
    return f"{recipe.dataset.model_dump_json()} {recipe.split.of(seed).model_dump_json()}"

"""What a study asks for, before anything is spent: its cells, and which of them are done."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from cifar_models.numerics import Device, Precision, native, resolve
from cifar_models.recipe import Recipe
from cifar_models.training import check
from search_spaces.designs import Arm
from search_spaces.study import SELECTION_SEED, TUNING_SEED, Study
from sweeps.execution.images import ImageStore
from sweeps.execution.ray_session import Resources
from sweeps.record.identity import TrialSpec


@dataclass(frozen=True)
class Cell:
    """A trial in its role for a study; one trial can fill several cells."""

    spec: TrialSpec
    role: str
    """``search``, ``selection``, ``tuning`` or ``ablation``."""
    factor: str = ""
    level: str = ""
    baseline: bool = False
    nuisance: dict[str, Any] = field(default_factory=dict)
    """The values of what is tuned for a level, by paths of the recipe."""
    suggested: dict[str, Any] = field(default_factory=dict)
    """The parameters of a trial of the search, by their names in Optuna."""

    def to_json(self) -> dict[str, Any]:
        """Return the membership that the study's parent run keeps."""
        return {
            "trial": self.spec.id,
            "role": self.role,
            "variant": self.spec.recipe.signature,
            "factor": self.factor,
            "level": self.level,
            "baseline": self.baseline,
            "seed": self.spec.seed,
            "planned_epochs": self.spec.recipe.epochs,
            "nuisance": self.nuisance,
            "suggested": self.suggested,
        }


class Planner:
    """Turns recipes into trials: checks them, and fixes data and numerics."""

    def __init__(
        self, images: ImageStore, resources: Resources,
        auto: Callable[[Device], Precision] = native,
    ) -> None:  # fmt: skip
        self.images, self.resources, self.auto = images, resources, auto
        self._checked: set[str] = set()

    def spec(self, recipe: Recipe, seed: int) -> TrialSpec:
        """Return the trial of a recipe and a seed.

        Raises:
            ValueError: The recipe cannot be trained: its network does not fit the images, or a
                batch is larger than the data.
        """
        source = self.images.source(recipe)
        if recipe.signature not in self._checked:  # or each seed would build the network again
            check(recipe, source.shape, len(source.parts.train.labels))
            self._checked.add(recipe.signature)
        resources = self.resources
        numerics = resolve(recipe, resources.device, resources.cpus_per_trial, self.auto)
        return TrialSpec(recipe, seed, numerics, source.fingerprint)

    def ablation(self, arms: Sequence[Arm], seeds: Iterable[int]) -> list[Cell]:
        """Return the cells of the ablation: every arm with every seed.

        Seed by seed, so that an interrupted ablation has whole pairs.
        """
        check_arms(arms, self.images)
        return [self._cell(arm, arm.recipe, "ablation", seed) for seed in seeds for arm in arms]

    def tuning(self, study: Study, arms: Sequence[Arm]) -> list[Cell]:
        """Return the cells in which every arm is tuned, one candidate of each after another."""
        check_arms(arms, self.images)
        tried = [(arm, arm.candidates(study.design.tuning_trials)) for arm in arms]
        return [
            self._cell(arm, candidates[number], "tuning", TUNING_SEED)
            for number in range(study.design.tuning_trials)
            for arm, candidates in tried
            if number < len(candidates)
        ]

    def _cell(self, arm: Arm, recipe: Recipe, role: str, seed: int) -> Cell:
        spec = self.spec(recipe, seed)
        nuisance = {path: recipe.value(path) for path in arm.nuisance}
        return Cell(spec, role, arm.factor, arm.level, arm.baseline, nuisance)

    def selection(self, study: Study, recipes: Sequence[Recipe]) -> list[Cell]:
        """Return the cells in which the search's best recipes are trained again."""
        assert study.search is not None
        return [
            Cell(self.spec(recipe, SELECTION_SEED + number), "selection")
            for recipe in recipes
            for number in range(study.search.selection_seeds)
        ]


def check_arms(arms: Iterable[Arm], images: ImageStore) -> None:
    """See that every arm of an ablation can be trained.

    Raises:
        ValueError: One cannot; the sentence names it.
    """
    for arm in arms:
        try:
            source = images.source(arm.recipe)
            check(arm.recipe, source.shape, len(source.parts.train.labels))
        except ValueError as error:
            raise ValueError(f"{arm.factor} {arm.level}: {error}") from None


def distinct(cells: Iterable[Cell]) -> list[TrialSpec]:
    """Return the trials of some cells, each once."""
    return list({cell.spec.id: cell.spec for cell in cells}.values())

"""How the best recipe is looked for: a space, a budget, a sampler, and what halves its trials."""

import itertools
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from cifar_models.component import Frozen, nearest, registry
from cifar_models.ranges import Scalar
from cifar_models.recipe import Recipe, plain
from search_spaces.grid import grid, grid_size
from search_spaces.locating import locate
from search_spaces.space import Space

_TRIALS = 32


class Search(Frozen):
    """A search of a space.

    ``grace_period`` and ``reduction_factor`` are those of successive halving, in epochs:
    asynchronous (``asha``: Li et al., 2020, section 3) or synchronous in cohorts (``halving``:
    Jamieson and Talwalkar, 2016, section 3).
    """

    space: Annotated[Space, Field(min_length=1)]
    sampler: Literal["tpe", "random", "grid", "nsga2"] = "tpe"
    """``grid`` takes every combination of choices; ``nsga2`` learns from generations."""
    trials: Annotated[int, Field(gt=0)] = Field(default=None, validate_default=True)
    """By default 32, or every point of a grid."""
    scheduler: Literal["asha", "halving", "none"] = "asha"
    grace_period: Annotated[int, Field(gt=0)] = 1
    reduction_factor: Annotated[int, Field(gt=1)] = 3
    cohort: Annotated[int, Field(gt=1)] = 8
    """How many trials are suggested and halved together, by ``halving`` and where a search must not
    depend on timing. It does not follow the number of workers, which would change results."""
    top_k: Annotated[int, Field(gt=0)] = 1
    """How many of the best recipes are trained again at full budget; of several objectives those
    of the Pareto front, the best by the study's metric."""
    selection_seeds: Annotated[int, Field(gt=0)] = 1
    """With how many fresh seeds each of them."""
    objectives: tuple[str, ...] = ()
    """Several that are searched for at once: metrics, ``seconds``, ``parameters``, columns of the
    study's costs. Without them it is the study's metric alone."""
    points: tuple[dict[str, Any], ...] = ()
    """Tried first, and counted as trials: paths of the recipe and their values. What one leaves out
    is as in the study's base."""
    baseline_first: bool = True
    """Whether the study's base recipe is tried before all else, where it lies in the space."""

    @field_validator("trials", mode="before")
    @classmethod
    def _all_of_a_grid(cls, trials: Any, known: ValidationInfo) -> Any:
        """Return the number of trials where none is given."""
        if trials is not None:
            return trials
        whole = known.data.get("sampler") == "grid" and "space" in known.data
        return grid_size(known.data["space"]) if whole else _TRIALS

    @field_validator("points", mode="before")
    @classmethod
    def _plain(cls, points: Any) -> Any:
        """Take components and tuples as what YAML holds of them."""
        return plain(points)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.sampler == "grid" and self.trials > (size := grid_size(self.space)):
            raise ValueError(
                f"the grid has {size} points, which {self.trials} trials exceed: leave trials out "
                "for all of them"
            )
        if self.sampler == "nsga2" and self.scheduler != "none":
            raise ValueError(
                "nsga2 learns only from trials that ran to their end: say scheduler='none', or "
                "take the sampler tpe"
            )
        if len(set(self.objectives)) < len(self.objectives) or len(self.objectives) == 1:
            raise ValueError(
                f"objectives must be two or more distinct ones, got {', '.join(self.objectives)}; "
                "a single one is the study's metric"
            )
        if self.objectives and self.scheduler != "none":
            raise ValueError(
                f"with several objectives no trial can be stopped early: {self.scheduler} would "
                "not know by which; say scheduler='none'"
            )
        return self

    def check(self, base: Recipe, metric: str, measures: Sequence[str]) -> None:
        """See that objectives can be measured, and that the given points lie in the space.

        Raises:
            ValueError: One cannot, or does not.
        """
        for objective in self.objectives:
            if objective not in measures:
                raise ValueError(
                    f"objective {objective!r} is one of the costs that a study can have: give it "
                    f"costs=({objective!r},)"
                    if objective in registry("cost")
                    else f"unknown objective {objective!r}: {nearest(objective, measures)}"
                )
        if self.objectives and metric not in self.objectives:
            raise ValueError(
                f"the study's metric {metric} must be one of the objectives: of the Pareto front "
                "the best by it are selected"
            )
        for number, point in enumerate(self.points):
            try:
                locate(self.space, base, point)
            except ValueError as error:
                raise ValueError(f"search.points.{number}: {error}") from None

    def has_baseline(self, base: Recipe) -> bool:
        """Whether a study's base recipe is tried before all else: it lies in the space."""
        try:
            locate(self.space, base, {})
        except ValueError:
            return False
        return self.baseline_first

    def starting_points(self, base: Recipe) -> Iterator[dict[str, Scalar]]:
        """Yield what is tried before a sampler has its say, as parameters by name, each once.

        The base recipe, the given points, then those of a grid.
        """
        points = [{}, *self.points] if self.has_baseline(base) else self.points
        located = (locate(self.space, base, point) for point in points)
        every = grid(self.space) if self.sampler == "grid" else ()
        seen = set()
        for parameters in itertools.chain(located, every):
            key = frozenset(parameters.items())
            if key not in seen:
                seen.add(key)
                yield parameters

    def cohort_size(self, *, deterministic: bool) -> int:
        """Return how many trials are suggested together; 0 where each is when there is room."""
        return self.cohort if deterministic or self.scheduler == "halving" else 0

    def rungs(self, epochs: int) -> tuple[int, ...]:
        """Return the epochs after which trials are halved: grace * factor**k below ``epochs``."""
        return () if self.scheduler == "none" else self.milestones(epochs)

    def milestones(self, epochs: int) -> tuple[int, ...]:
        """Return where rungs would be under a scheduler that halves."""
        rungs = [self.grace_period]
        while rungs[-1] * self.reduction_factor < epochs:
            rungs.append(rungs[-1] * self.reduction_factor)
        return tuple(rung for rung in rungs if rung < epochs)

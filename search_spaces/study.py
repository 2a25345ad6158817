"""A study: a question, and all that is needed to answer it."""

from collections import Counter
from collections.abc import Iterator
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError, field_validator, model_validator

from cifar_models.component import Frozen, nearest, registry, sentence
from cifar_models.costs import Cost
from cifar_models.diagnostics import Diagnostic
from cifar_models.metrics import Metric
from cifar_models.recipe import Recipe
from search_spaces.claims import Claim
from search_spaces.designs import Arm, Design, OneFactor
from search_spaces.factors import Factor
from search_spaces.looks import SequentialSeeds
from search_spaces.published import find
from search_spaces.search import Search
from search_spaces.space import Space, probes

SEARCH_SEED = 1_000_000
SELECTION_SEED = 2_000_000
TUNING_SEED = 3_000_000
"""Ablation seeds lie below all: what was chosen on never enters an inferential table."""
_FEW = 5
"""Wrong seeds that an error names."""


class Study(Frozen):
    """A value; derive one from another with `replace`."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$")]
    question: str
    base: Recipe
    factors: tuple[Factor, ...] = ()
    design: Design = OneFactor()
    seeds: int | tuple[int, ...] | SequentialSeeds = 5
    """Their number, a list of them, or as many as it takes: ``"auto"``, ``"auto:4,8,16"``."""
    search: Search | None = None
    selection: Literal["last", "best"] = "last"
    """Which epoch counts: the last, or the one of the highest validation accuracy."""
    metric: str = "accuracy"
    """What is searched for and compared: a registered metric, or ``loss``."""
    margin: Annotated[float, Field(gt=0)] | None = None
    """The smallest difference worth knowing, as tables print it (an accuracy's in points): levels
    that are surely closer are called equal. Without it, none is."""
    costs: tuple[Cost, ...] = ()
    """What the table shows beside: columns of what each level took, the mean over seeds."""
    diagnostics: tuple[Diagnostic, ...] = ()
    """What looks at the trainings of the ablation's first seed, for `sweeps explain`."""
    equal_budget: bool = True
    """Whether all arms train for as many epochs; a comparison of unequal ones says so."""
    reruns: str | None = None
    """The id of the published study that this one runs again, if any."""
    claims: tuple[Claim, ...] = ()
    """What it is expected to show."""
    note: str = ""
    """What one has to know beside: levels of our choice, printed ones that were resolved."""

    @field_validator("seeds", mode="before")
    @classmethod
    def _read_seeds(cls, seeds: object) -> object:
        return SequentialSeeds.read(seeds) if isinstance(seeds, str) else seeds

    @model_validator(mode="after")
    def _seeded(self) -> Self:
        """See that seeds are few enough to be listed, and then that they are ablation seeds."""
        match self.seeds:
            case int() as number:
                pass
            case tuple() as listed:
                number = len(listed)
            case sequential:
                number = sequential.looks[-1]
        if not 0 < number < SEARCH_SEED:
            raise ValueError(
                f"the number of seeds must be at least 1 and below {SEARCH_SEED:,}, got {number}"
            )
        counted = Counter(self.seed_list)
        wrong = [s for s, times in counted.items() if times > 1 or not 0 <= s < SEARCH_SEED]
        if wrong:
            few = ", ".join(map(str, wrong[:_FEW])) + ", ..." * (len(wrong) > _FEW)
            raise ValueError(f"seeds must be distinct and in [0, {SEARCH_SEED:,}), got {few}")
        return self

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if self.reruns is not None:
            find(self.reruns)
        if self.metric != "loss" and self.metric not in registry("metric"):
            known = [*registry("metric"), "loss"]
            raise ValueError(f"unknown metric {self.metric!r}: {nearest(self.metric, known)}")
        if not self.base.split.validation and (self.search or self.selection == "best"):
            raise ValueError(
                "without validation images (split.validation: 0) there can be no search, and the "
                "selection rule must be 'last': anything else would choose on the test set"
            )
        every = self.base.validate_every
        if self.search and self.search.rungs(self.base.epochs) and self.search.grace_period % every:
            raise ValueError(
                f"grace_period {self.search.grace_period} is no multiple of validate_every "
                f"{every}: a rung needs a validation"
            )
        if self.design.needs_factors and not (self.factors or self.search or self.reruns):
            raise ValueError(f"study {self.name!r} has neither factors nor a search")
        names = [factor.name for factor in self.factors]
        if len(set(names)) < len(names):
            raise ValueError(f"factors need distinct names, got {', '.join(names)}")
        self._comparable(self.base)
        self._claimable()
        if self.search:
            for recipe in _tried(self.base, self.search.space, "search space"):
                self._comparable(recipe)
            self.search.check(self.base, self.metric, self.measures)
        return self

    @model_validator(mode="after")
    def _tunable(self) -> Self:
        """See that what levels are tuned on is validation data, and that each of them can be."""
        if not self.design.tuning_trials:
            return self
        for arm in self.arms():
            if not arm.recipe.split.validation:
                raise ValueError(
                    f"{arm.factor} {arm.level} cannot be tuned without validation images "
                    "(split.validation: 0): it would be chosen on the test set"
                )
            list(_tried(arm.recipe, arm.nuisance, f"{arm.factor} {arm.level}"))
        return self

    def _comparable(self, base: Recipe) -> None:
        """See that the factors go with a recipe that may win, at equal budget."""
        for arm in self.arms(base):
            if self.equal_budget and arm.recipe.epochs != base.epochs:
                raise ValueError(
                    f"{arm.factor} {arm.level} trains {arm.recipe.epochs} epochs, its baseline "
                    f"{base.epochs}: arms of unequal budget cannot be compared"
                )
            if self.selection == "best" and arm.recipe.validate_every != base.validate_every:
                raise ValueError(
                    f"{arm.factor} {arm.level} has a validation every {arm.recipe.validate_every} "
                    f"epochs, its baseline every {base.validate_every}: the best of more is higher "
                    "by chance"
                )

    @model_validator(mode="after")
    def _decidable(self) -> Self:
        """See that comparisons can be decided while the study runs, and each by itself."""
        if not self.looks:
            return self
        if not all(arm.recipe.split.validation for arm in self.arms()):
            raise ValueError(
                "seeds 'auto' needs validation images (split.validation: 0): the test images are "
                "looked at once, after the last look"
            )
        if self.selection == "best":
            raise ValueError(
                "seeds 'auto' decides on validation images, where each level's best epoch is a "
                "maximum over epochs: give selection 'last', or a number of seeds"
            )
        if not self.factors or self.design.crosses or self.claims or self.reruns:
            raise ValueError(
                "seeds 'auto' is for comparisons with a baseline; without factors, in a factorial "
                "design, for claims and published studies levels have equal seeds: give a number"
            )
        return self

    @model_validator(mode="after")
    def _countable(self) -> Self:
        """See that each cost can be had, and is one column."""
        columns = [cost.column for cost in self.costs]
        if len(set(columns)) < len(columns):
            raise ValueError(f"costs need distinct columns, got {', '.join(columns)}")
        unvalidated = any(not arm.recipe.split.validation for arm in self.arms())
        wanting = [cost.column for cost in self.costs if cost.validates]
        if wanting and unvalidated:
            raise ValueError(
                f"costs: {', '.join(wanting)} cannot be had without validation images "
                "(split.validation: 0)"
            )
        return self

    @field_validator("diagnostics")
    @classmethod
    def _distinct(cls, diagnostics: tuple[Diagnostic, ...]) -> tuple[Diagnostic, ...]:
        names = [diagnostic.name for diagnostic in diagnostics]
        if len(set(names)) < len(names):
            raise ValueError(f"each diagnostic can be asked for once, got {', '.join(names)}")
        return diagnostics

    def _claimable(self) -> None:
        """See that claims speak of levels that there are."""
        levels: dict[str, list[str]] = {}
        for arm in self.arms():
            levels.setdefault(arm.factor, []).append(arm.level)
        for claim in self.claims:
            if claim.factor not in levels:
                raise ValueError(f"claim {claim.sentence()}: {nearest(claim.factor, levels)}")
            if claim.measure not in self.measures:
                known = nearest(claim.measure, self.measures)
                raise ValueError(f"claim {claim.sentence()}: no measure {claim.measure!r}; {known}")
            for level in claim.levels_meant():
                if level not in levels[claim.factor]:
                    known = nearest(level, levels[claim.factor])
                    raise ValueError(f"claim {claim.sentence()}: no level {level!r}; {known}")

    @property
    def seed_list(self) -> tuple[int, ...]:
        """The seeds of the ablation; as many as there may be, where they are sequential."""
        if isinstance(self.seeds, tuple):
            return self.seeds
        return tuple(range(self.seeds if isinstance(self.seeds, int) else self.looks[-1]))

    @property
    def every_seed(self) -> tuple[int, ...]:
        """The seeds of all its trials, those of search and tuning too."""
        selected = self.search.selection_seeds if self.search else 0
        return (
            *self.seed_list,
            *((SEARCH_SEED,) if self.search else ()),
            *range(SELECTION_SEED, SELECTION_SEED + selected),
            *((TUNING_SEED,) if self.design.tuning_trials else ()),
        )

    @property
    def looks(self) -> tuple[int, ...]:
        """The number of seeds at each look at the ablation while it runs; none by default."""
        return () if isinstance(self.seeds, int | tuple) else self.seeds.looks

    @property
    def changed(self) -> frozenset[str]:
        """The paths of the recipe that its levels change."""
        levels = (level for factor in self.factors for level in factor.levels)
        return frozenset(path for level in levels for path in level.changes)

    @property
    def higher_is_better(self) -> bool:
        """Whether the metric is to be maximised."""
        return self.ascends(self.metric)

    @property
    def measures(self) -> tuple[str, ...]:
        """What is known of each trial: what claims speak of and a search can aim at."""
        costs = (cost.column for cost in self.costs)
        return (*registry("metric"), "loss", "seconds", "parameters", *costs)

    def ascends(self, measure: str) -> bool:
        """Whether of one of the `measures` more is better."""
        metric = registry("metric").get(measure)
        if metric is None:
            return any(cost.higher_is_better for cost in self.costs if cost.column == measure)
        assert issubclass(metric, Metric)
        return metric.higher_is_better

    def arms(self, base: Recipe | None = None) -> tuple[Arm, ...]:
        """Return the arms of the ablation around a recipe, by default the study's own base.

        Without factors there is one arm: the recipe itself, or the winner of the search.
        """
        base = base or self.base
        if self.design.needs_factors and not self.factors:
            level = "winner" if self.search else "as published"
            return (Arm(factor="recipe", level=level, recipe=base, baseline=True),)
        return self.design.arms(base, self.factors)

    def replace(self, **changes: object) -> Self:
        """Return a validated copy with some fields changed.

        Raises:
            ValueError: The result is no valid study.
        """
        data = {name: getattr(self, name) for name in type(self).model_fields} | changes
        try:
            return type(self).model_validate(data)
        except ValidationError as error:
            raise ValueError(f"not a valid study: {sentence(error)}") from None


def _tried(base: Recipe, space: Space, whose: str) -> Iterator[Recipe]:
    """Yield recipes that take every option of a space, and see that they can be compared.

    Raises:
        ValueError: A point is no valid recipe, or changes what makes its metric comparable.
    """
    for point in probes(space):
        try:
            recipe = base.replace(point)
            if any(
                getattr(recipe, part) != getattr(base, part)
                for part in ("epochs", "dataset", "split", "validate_every")
            ):
                raise ValueError(
                    "trials of other epochs, data, split or validation cannot be compared"
                )
        except ValueError as error:
            raise ValueError(f"{whose}: {error}") from None
        yield recipe

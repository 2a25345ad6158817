"""What a search will do and spend: told before it begins, from its settings alone."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

from cifar_models.recipe import Recipe
from search_spaces.grid import grid_size
from search_spaces.quasi_random import points
from search_spaces.search import Search
from search_spaces.study import Study

_STAND_FOR_ALL = 4
"""Points of a space whose speed is measured for that of all."""


@dataclass(frozen=True)
class Rung:
    """Where a search is halved: about so many of its trials get there and go on."""

    epoch: int
    trials: float


@dataclass(frozen=True)
class Spending:
    """The epochs of a search, its rungs, and the share of its slots' time that is spent waiting."""

    epochs: float
    rungs: list[Rung] = field(default_factory=list)
    idle: float | None = None
    """None where no trial waits for others."""


def spending(search: Search, epochs: int, slots: int, *, deterministic: bool = False) -> Spending:
    """Return what a search takes on so many slots, if every epoch takes as long as any other."""
    size = search.cohort_size(deterministic=deterministic)
    return _in_cohorts(search, epochs, size, slots) if size else _without_waiting(search, epochs)


def notes(study: Study, idle: float | None, slots: int, *, deterministic: bool) -> list[str]:
    """Return what one has to know of a study's search beside trials and epochs.

    Predicates: «the search» is their subject.
    """
    search = study.search
    assert search is not None
    told = list(_order(study, search))
    if search.objectives:
        told.append(
            f"aims at {', '.join(search.objectives)} together: no trial is stopped early, and of "
            f"the Pareto front the best by {study.metric} are selected"
        )
    size = search.cohort_size(deterministic=deterministic)
    if size:
        cost = "" if idle is None else (
            f"; so {slots} slots wait about {100 * idle:.0f} % of the time"
        )  # fmt: skip
        told.append(f"goes in cohorts of {size}, each asked for when the last has ended{cost}")
    return told


def searchable(study: Study) -> list[Recipe]:
    """Return a few recipes that stand for all that a search may try: points that fill its space."""
    assert study.search is not None
    places = points(study.search.space, _STAND_FOR_ALL)
    return [study.base.replace(place) for place in places]


def _order(study: Study, search: Search) -> Iterator[str]:
    if search.sampler == "grid":
        yield f"takes {search.trials} of the grid's {grid_size(search.space)} points"
    given = len(search.points)
    first = ["the base recipe"] if search.has_baseline(study.base) else []
    first += [f"{given} given point{'s' if given > 1 else ''}"] if given else []
    if first:
        yield f"begins with {' and '.join(first)}"
    if search.baseline_first and not search.has_baseline(study.base):
        yield "does not try the base recipe, which lies outside the space"


def _without_waiting(search: Search, epochs: int) -> Spending:
    """Let one in ``reduction_factor`` go on at each rung.

    Asynchronous halving lets a few more: it decides before all have arrived.
    """
    rungs, alive, spent, before = [], float(search.trials), 0.0, 0
    for rung in search.rungs(epochs):
        spent += alive * (rung - before)
        alive, before = max(alive / search.reduction_factor, 1.0), rung
        rungs.append(Rung(rung, alive))
    return Spending(spent + alive * (epochs - before), rungs)


def _in_cohorts(search: Search, epochs: int, size: int, slots: int) -> Spending:
    """Follow each cohort from rung to rung, where all wait for the last to arrive."""
    milestones = search.rungs(epochs)
    survivors = dict.fromkeys(milestones, 0)
    busy = elapsed = 0
    for begun in range(0, search.trials, size):
        alive, before = min(size, search.trials - begun), 0
        for rung in (*milestones, epochs):
            length = rung - before
            busy += alive * length
            elapsed += math.ceil(alive / slots) * length
            before = rung
            if rung in survivors:
                alive = max(alive // search.reduction_factor, 1)
                survivors[rung] += alive
    rungs = [Rung(epoch, trials) for epoch, trials in survivors.items()]
    return Spending(busy, rungs, 1 - busy / (slots * elapsed))

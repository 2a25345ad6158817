"""Which recipe a search has found: pure functions over what the journal knows."""

import itertools
from collections.abc import Sequence
from statistics import fmean

from cifar_models.recipe import Recipe
from search_spaces.designs import Arm
from search_spaces.study import Study
from sweeps.analysis.pareto import non_dominated
from sweeps.execution.objectives import values
from sweeps.execution.plan import Cell
from sweeps.record.journal import TrialRecord


def score(study: Study, record: TrialRecord) -> float | None:
    """Return a trial's metric, higher being better; None unless it was trained to its end."""
    value = record.metric(f"validation/{study.metric}", study.selection)
    if record.status != "finished" or value is None:
        return None
    return value if study.higher_is_better else -value


def best_recipes(study: Study, records: Sequence[TrialRecord]) -> list[Recipe]:
    """Return the best ``top_k`` recipes of a search, the best first.

    Of several objectives those of the Pareto front, the best by the study's metric.

    Raises:
        ValueError: No trial was trained to its end.
    """
    assert study.search is not None
    eligible = _front(study, records) if study.search.objectives else records
    scored = [(value, r) for r in eligible if (value := score(study, r)) is not None]
    if not scored:
        raise ValueError(
            f"no trial of the search of {study.name} was trained to its end; narrow the space, or "
            "give more --trials"
        )
    scored.sort(key=lambda pair: -pair[0])
    return [Recipe.parse(record.spec["recipe"]) for _, record in scored[: study.search.top_k]]


def _front(study: Study, records: Sequence[TrialRecord]) -> list[TrialRecord]:
    """Return the trials that no other beats in all objectives."""
    finished = [record for record in records if record.status == "finished"]
    told = [(values(study, record), record) for record in finished]
    whole = [(aims, record) for aims, record in told if None not in aims.values()]
    better = [
        [
            value if study.ascends(aim) else -value
            for aim, value in aims.items()
            if value is not None
        ]
        for aims, _ in whole
    ]
    return list(itertools.compress((record for _, record in whole), non_dominated(better)))


def winner(study: Study, cells: Sequence[Cell], records: dict[str, TrialRecord]) -> Recipe:
    """Return the recipe of the best mean over the selection's fresh seeds.

    One that diverged or failed with a seed loses to any that was trained with more of them.

    Raises:
        ValueError: None was trained to its end.
    """
    scores: dict[str, list[float]] = {}
    for cell in cells:
        value = score(study, records[cell.spec.id])
        if value is not None:
            scores.setdefault(cell.spec.recipe.signature, []).append(value)
    if not scores:
        raise ValueError(
            f"none of the best recipes of {study.name} could be trained again; see `sweeps table`"
        )
    best = max(scores, key=lambda signature: (len(scores[signature]), fmean(scores[signature])))
    return next(cell.spec.recipe for cell in cells if cell.spec.recipe.signature == best)


def tuned_arms(
    study: Study, arms: Sequence[Arm], cells: Sequence[Cell], records: dict[str, TrialRecord]
) -> tuple[Arm, ...]:
    """Return each arm with the best of its candidates; of equal ones the first.

    One of which no candidate was trained to its end stays as it is written: what becomes of it is
    for the table to show.
    """
    best: dict[tuple[str, str], tuple[float, Recipe]] = {}
    for cell in cells:
        value, arm = score(study, records[cell.spec.id]), (cell.factor, cell.level)
        if value is not None and (arm not in best or value > best[arm][0]):
            best[arm] = value, cell.spec.recipe
    return tuple(
        arm.model_copy(update={"recipe": best[arm.factor, arm.level][1]})
        if (arm.factor, arm.level) in best
        else arm
        for arm in arms
    )

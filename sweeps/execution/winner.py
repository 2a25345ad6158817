"""Which recipe a search has found: pure functions over what the journal knows."""

from collections.abc import Sequence
from statistics import fmean

from cifar_models.recipe import Recipe
from search_spaces.study import Study
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

    Raises:
        ValueError: No trial was trained to its end.
    """
    assert study.search is not None
    scored = [(value, r) for r in records if (value := score(study, r)) is not None]
    if not scored:
        raise ValueError(
            f"no trial of the search of {study.name} was trained to its end; narrow the space, or "
            "give more --trials"
        )
    scored.sort(key=lambda pair: -pair[0])
    return [Recipe.parse(record.spec["recipe"]) for _, record in scored[: study.search.top_k]]


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

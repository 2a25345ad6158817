"""The ablation look by look: who gets further seeds follows from the trials recorded so far."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd

from search_spaces.designs import Arm
from search_spaces.study import Study
from sweeps.analysis.measure import find_measure
from sweeps.analysis.sequential import going_on
from sweeps.execution.plan import Cell, Planner
from sweeps.execution.winner import score
from sweeps.record.journal import TrialRecord

BEGINNING = ("base", "search", "design", "metric", "selection")
"""Fields of a study that say around what its levels are trained."""
DECIDING = ("seeds", "metric", "selection", "margin")
"""Fields of a study that decide, with its arms, what is concluded from the same trials."""


class Look(NamedTuple):
    """What is trained before the study is looked at.

    Attributes:
        title: what it is called.
        cells: those that are new.
        open: the arms that get them.
        seeds: that these arms have with them.
    """

    title: str
    cells: list[Cell]
    open: Sequence[Arm]
    seeds: int


def looks(
    study: Study, arms: Sequence[Arm], planner: Planner, records: Mapping[str, TrialRecord]
) -> Iterator[Look]:
    """Yield the looks of an ablation; one alone where the number of seeds is fixed.

    Args:
        study: whose.
        arms: of the ablation.
        planner: turns them into cells.
        records: what is known of trials; when the next look is asked for, those of the last have
            ended.
    """
    if not study.looks:
        every = study.seed_list
        yield Look("ablation", planner.ablation(arms, every), arms, len(every))
        return
    cells: list[Cell] = []
    before = 0
    for number, seeds in enumerate(study.looks, start=1):
        new = planner.ablation(arms, range(before, seeds))
        yield Look(f"ablation, look {number} of {len(study.looks)}", new, arms, seeds)
        cells += new
        left = _left(study, cells, records)
        arms = [arm for arm in arms if (arm.factor, arm.level) in left]
        before = seeds
        if not arms:
            return


def _left(
    study: Study, cells: Sequence[Cell], records: Mapping[str, TrialRecord]
) -> Collection[tuple[str, str]]:
    """Return the arms that go on, by factor and level."""
    rows = [
        {
            "factor": cell.factor,
            "level": cell.level,
            "baseline": cell.baseline,
            "seed": cell.spec.seed,
            "status": record.status,
            "value": score(study, record),
        }
        for cell in cells
        for record in [records[cell.spec.id]]
    ]
    scale = find_measure(study.metric).scale
    margin = None if study.margin is None else study.margin / scale
    frame = pd.DataFrame(rows).astype({"value": float})
    return going_on(frame, "value", study.looks, margin)


def stopping_rule(study: Study) -> str:
    """Say by which rule levels get no more seeds; "" where their number is fixed."""
    if isinstance(study.seeds, int | tuple):
        return ""
    seeds = ", ".join(map(str, study.seeds.looks))
    equal = "" if study.margin is None else f", or equal within {study.margin:g}"
    return (
        f"Looks after {seeds} seeds at {study.metric}; a level that is told from its baseline"
        f"{equal} gets no more: {study.seeds.rule}."
    )


def refuse_another_rule(
    study: Study, cells: Sequence[Cell] | None, kept: Mapping[str, Any] | None
) -> None:
    """See that what was decided at a look is not decided anew by another rule.

    Args:
        study: as it is to be run.
        cells: all that it may ask for; None while a search or tuning is to tell: what begins as
            it did before is taken to come to the same.
        kept: what is on record of its last run (`Runs.membership`).

    Raises:
        ValueError: Trials of it were looked at by another rule, or with other arms.
    """
    if kept is None or not (study.looks or "looks" in _asked(kept["study"]["seeds"])):
        return
    begun = [cell for cell in kept["cells"] if cell["role"] == "ablation"]
    asked = study.model_dump(mode="json")
    differing = [name for name, value in asked.items() if kept["study"].get(name) != value]
    if cells is None:
        seen = bool(begun) and not set(BEGINNING) & set(differing)
    else:
        seen = bool({cell["trial"] for cell in begun} & {cell.spec.id for cell in cells})
    if not seen:
        return  # another base recipe, or other data
    changed = [name for name in DECIDING if name in differing]
    if cells is not None:
        ours = {(cell.factor, cell.level, cell.spec.recipe.signature) for cell in cells}
        before = {(cell["factor"], cell["level"], cell["variant"]) for cell in begun}
        changed += ["levels"] if before != ours else []
    if changed:
        raise ValueError(
            f"study {study.name} has begun with other {', '.join(changed)}: decided anew, after "
            "its trials were looked at, it would be wrong more often than it says; go on with what "
            "it began with, or give this one another name, and seeds that were not seen: a list, "
            f"from {1 + max(cell['seed'] for cell in begun)} on"
        )


def _asked(seeds: Any) -> Collection[str]:
    return seeds if isinstance(seeds, dict) else ()

"""Which trials diagnostics look at, and which of those were trained without them."""

from collections.abc import Iterable, Mapping
from typing import Any

from search_spaces.study import Study
from sweeps.execution.plan import Cell, distinct
from sweeps.execution.trial_source import PlannedTrials
from sweeps.record.environment import DIAGNOSED
from sweeps.record.journal import Journal, TrialRecord

_WHOLE = ("finished", "diverged")
"""Ends of a training that could have been looked at to its end."""


def planned_trials(
    study: Study, cells: Iterable[Cell], journal: Journal, storage: str, slots: int
) -> PlannedTrials:
    """Return the trials of some cells, those that have not ended, with what looks at them."""
    cells = list(cells)
    looked = looked_at(study, cells)
    return PlannedTrials(distinct(cells), study.name, journal, storage, slots, looked)


def looked_at(study: Study, cells: Iterable[Cell]) -> dict[str, list[dict[str, Any]]]:
    """Return by trial what looks at it: all that the study asks for, at its first seed."""
    asked = [diagnostic.model_dump(mode="json") for diagnostic in study.diagnostics]
    members = (cell for cell in cells if asked and cell.role == "ablation")
    return {c.spec.id: asked for c in members if c.spec.seed == study.seed_list[0]}


def unseen(study: Study, cells: Iterable[Cell], records: Mapping[str, TrialRecord]) -> list[str]:
    """Return the trials to be looked at that have ended without: for another study, or before.

    They are trained again, which gives the same weights on a CPU.
    """
    wanted = {diagnostic.key for diagnostic in study.diagnostics}
    known = (records[trial] for trial in looked_at(study, cells) if trial in records)
    ended = (record for record in known if record.status in _WHOLE)
    return [r.trial for r in ended if wanted - set(r.facts.get(DIAGNOSED, "").split(","))]

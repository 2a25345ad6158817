"""Which trials diagnostics look at, and which of those were trained without them."""

from collections.abc import Iterable, Mapping, Sequence

from pydantic import TypeAdapter, ValidationError

from cifar_models.diagnostics import Diagnostic
from cifar_models.source_file import USER_MODULE, SourceFile
from search_spaces.study import Study
from sweeps.execution.plan import Cell
from sweeps.record.diagnosed import Settings, seen
from sweeps.record.journal import TrialRecord

_DIAGNOSTIC: TypeAdapter[Diagnostic] = TypeAdapter(Diagnostic)
_WHOLE = ("finished", "diverged")
"""Ends of a training that could have been looked at to its end."""


def looked_at(
    study: Study,
    cells: Iterable[Cell],
    records: Mapping[str, TrialRecord],
    sources: Sequence[SourceFile] = (),
) -> dict[str, list[Settings]]:
    """Return by trial what looks at it: what the study asks for, and what has looked before.

    So no study takes from another what is seen of a trial that they share; but for a user's own
    diagnostic of another file, or one that is no more: workers have the ``sources`` alone.
    """
    asked = _asked(study, cells)
    looked: dict[str, list[Settings]] = {}
    for cell in cells:
        record = records.get(cell.spec.id)
        before = seen(record.facts) if record else {}
        before = {key: plain for key, plain in before.items() if _at_hand(plain, sources)}
        every = {**before, **asked.get(cell.spec.id, {})}
        if every:
            looked[cell.spec.id] = list(every.values())
    return looked


def _at_hand(plain: Settings, sources: Sequence[SourceFile]) -> bool:
    """Whether a worker knows the diagnostic."""
    try:
        module = type(_DIAGNOSTIC.validate_python(plain)).__module__
    except ValidationError:
        return False
    return not module.startswith(USER_MODULE) or module in {own.module_name for own in sources}


def unseen(study: Study, cells: Iterable[Cell], records: Mapping[str, TrialRecord]) -> list[str]:
    """Return the trials to be looked at that have ended without: for another study, or before.

    They are trained again, which gives the same weights on a CPU.
    """
    known = {trial: k for trial, k in _asked(study, cells).items() if trial in records}
    ended = {trial: k for trial, k in known.items() if records[trial].status in _WHOLE}
    return [trial for trial, keys in ended.items() if keys.keys() - seen(records[trial].facts)]


def _asked(study: Study, cells: Iterable[Cell]) -> dict[str, dict[str, Settings]]:
    """Return what the study asks for: for each level at its first seed."""
    wanted = {each.key: each.model_dump(mode="json") for each in study.diagnostics}
    members = (cell for cell in cells if wanted and cell.role == "ablation")
    return {c.spec.id: wanted for c in members if c.spec.seed == study.seed_list[0]}

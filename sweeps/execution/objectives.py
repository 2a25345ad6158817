"""What a search aims at, as numbers of a trial's record."""

from collections.abc import Mapping

from cifar_models.costs import Cost, Parameters
from search_spaces.study import Study
from sweeps.record.journal import TrialRecord


def aims(study: Study) -> tuple[str, ...]:
    """Return what a study's search aims at: its objectives, or its metric."""
    assert study.search is not None
    return study.search.objectives or (study.metric,)


def values(study: Study, record: TrialRecord) -> dict[str, float | None]:
    """Return each aim of a trial that has results, metrics at the selection rule's epoch.

    None stands for what was not measured: a metric that was not finite or is newer than the trial,
    an accuracy that was not reached.
    """
    costs: dict[str, Cost] = {"parameters": Parameters()}
    costs |= {cost.column: cost for cost in study.costs}
    return {aim: _value(aim, costs, record, study.selection) for aim in aims(study)}


def _value(
    aim: str, costs: Mapping[str, Cost], record: TrialRecord, selection: str
) -> float | None:
    curve = [{"epoch": epoch, **r["metrics"]} for epoch, r in sorted(record.results.items())]
    if aim == "seconds":
        return float(sum(row["seconds"] for row in curve))
    if aim in costs:
        return costs[aim].measure(curve, record.facts)
    return record.metric(f"validation/{aim}", selection)

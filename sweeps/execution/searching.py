"""Putting a search together: where its trials come from, and what halves them."""

from typing import Any

import optuna

from search_spaces.study import Study
from sweeps.execution.asha import Asha
from sweeps.execution.cohorts import CohortHalving, CohortTrials
from sweeps.execution.optuna_source import MakeSpec, OptunaTrials, searched
from sweeps.execution.trial_source import TrialSource
from sweeps.record.journal import Journal


def begin_search(
    study: Study,
    database: optuna.Study,
    make_spec: MakeSpec,
    journal: Journal,
    storage: str,
    slots: int,
    *,
    cohorts: bool,
) -> tuple[TrialSource, Any]:
    """Return a search's trials and its scheduler, as the journal and Optuna's database have it.

    In cohorts, trials are halved synchronously; else at once, or not at all.
    """
    assert study.search is not None
    metric, epochs = f"validation/{study.metric}", study.base.epochs
    if cohorts:
        members = CohortTrials(study, database, make_spec, journal, storage, slots)
        sign = 1 if study.higher_is_better else -1
        return members, CohortHalving(members, metric, epochs, sign=sign)
    source = OptunaTrials(study, database, make_spec, journal, storage, slots)
    if study.search.scheduler == "none":
        return source, None
    histories = [journal[trial] for trial in searched(database)]
    higher = study.higher_is_better
    return source, Asha(study.search, epochs, metric, higher_is_better=higher, histories=histories)

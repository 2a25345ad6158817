"""Trials of a search that are trained again, in Optuna's eyes.

Optuna ends a trial for good. So its file is written anew, with those trials as they were before
their end: suggested, and not yet told. A search adopts them as it adopts what a killed driver left,
under their own numbers; so they cost nothing of its budget.
"""

import os
from collections.abc import Collection
from pathlib import Path

import optuna
from optuna.storages import JournalStorage
from optuna.trial import FrozenTrial, TrialState

from sweeps.execution.optuna_source import IDENTITY
from sweeps.execution.suggestion_log import open_suggestions

_GIVEN = "fixed_params"
"""Where Optuna keeps the parameters of a point that it was given."""


def reopen(path: Path, study: str, trials: Collection[str]) -> JournalStorage:
    """Let Optuna forget how trials of a study ended; killed before the end, it has not.

    Args:
        path: Optuna's file. What is open of it knows nothing of the change.
        study: Name of the study in it.
        trials: Our names of the trials.

    Returns:
        The file, opened.
    """
    anew = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    anew.unlink(missing_ok=True)
    old, new = open_suggestions(path, reading=True), open_suggestions(anew)
    for name in optuna.get_all_study_names(old):
        if name != study:
            optuna.copy_study(
                from_study_name=name, from_storage=old, to_storage=new, to_study_name=name
            )
    source = optuna.load_study(study_name=study, storage=old)
    copy = optuna.create_study(storage=new, study_name=study, directions=source.directions)
    for trial in source.get_trials(deepcopy=False):
        again = trial.user_attrs.get(IDENTITY) in trials
        copy.add_trial(_suggested(trial) if again else trial)
    anew.replace(path)
    return open_suggestions(path)


def _suggested(trial: FrozenTrial) -> FrozenTrial:
    """Return a trial as it was when it had been suggested."""
    return optuna.trial.create_trial(
        state=TrialState.RUNNING,
        params=trial.params,
        distributions=trial.distributions,
        user_attrs={IDENTITY: trial.user_attrs[IDENTITY]},
        system_attrs={_GIVEN: trial.system_attrs[_GIVEN]} if _GIVEN in trial.system_attrs else {},
    )

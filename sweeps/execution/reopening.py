"""Trials of a search that are trained again, in Optuna's eyes.

Optuna ends a trial for good. So a search is written anew, with those trials as they were before
their end: suggested, and not yet told. It adopts them as it adopts what a killed driver left,
under their own numbers; so they cost nothing of its budget. A kill at any moment leaves the search
as it was, or as it is to be: a file is replaced at once; in a database the new search stands beside
the old one, under another name, until the old one is gone and it can take its name.
"""

import os
from collections.abc import Collection
from pathlib import Path

import optuna
from optuna.storages import BaseStorage
from optuna.trial import FrozenTrial, TrialState

from search_spaces.study import Study
from sweeps.execution.optuna_source import IDENTITY, open_optuna_study, optuna_study_name
from sweeps.execution.suggestions import claim, in_database, open_suggestions
from sweeps.record.identity import TrialSpec
from sweeps.record.places import Places

_GIVEN = "fixed_params"
"""Where Optuna keeps the parameters of a point that it was given."""
_ANEW = ".anew"
"""How the name of a search ends that is being written."""
_WHOLE = "whole"
"""Attribute of such a search that is written to its end."""


def reopen(place: str, study: str, trials: Collection[str]) -> BaseStorage:
    """Let Optuna forget how trials of a study ended.

    Args:
        place: Optuna's file, or the URL of its database. What is open of a file knows nothing of
            the change.
        study: Name of the study in it.
        trials: Our names of the trials.

    Returns:
        The place, opened.
    """
    if in_database(place):
        storage = open_suggestions(place)
        _write(storage, study, trials, storage, study + _ANEW)
        _replace(storage, study)
        return storage
    path = Path(place)
    anew = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    anew.unlink(missing_ok=True)
    old, new = open_suggestions(place, reading=True), open_suggestions(str(anew))
    for name in optuna.get_all_study_names(old):
        if name != study:
            _copy(old, name, new, name)
    _write(old, study, trials, new, study)
    anew.replace(path)
    return open_suggestions(place)


def open_search(
    study: Study, baseline: TrialSpec, cohort: int, storage: BaseStorage, places: Places
) -> optuna.Study:
    """Create or open the search of a study, as this driver's.

    Args:
        study: The study, with a search.
        baseline: Its base recipe as a trial.
        cohort: Trials of a cohort; 0 without cohorts.
        storage: Optuna's file or database, opened to be written.
        places: Where it is, and whose.

    Raises:
        ValueError: It is another driver's.
    """
    settle(storage, optuna_study_name(study, baseline, cohort), places)
    return claim(open_optuna_study(study, baseline, storage, cohort), places)


def settle(storage: BaseStorage, study: str, places: Places) -> None:
    """Bring to its end what this driver began in a database before it was killed: back, or forth.

    Raises:
        ValueError: The study is another driver's.
    """
    if not in_database(places.suggestions):
        return
    names = optuna.get_all_study_names(storage)
    for name in (study, study + _ANEW):
        if name in names:
            claim(optuna.load_study(study_name=name, storage=storage), places)
    if study + _ANEW in names:
        _replace(storage, study)


def _replace(storage: BaseStorage, study: str) -> None:
    """Put the search that is written anew in the place of the old one, if it is whole."""
    anew = study + _ANEW
    if _WHOLE in optuna.load_study(study_name=anew, storage=storage).user_attrs:
        if study in optuna.get_all_study_names(storage):
            optuna.delete_study(study_name=study, storage=storage)
        _copy(storage, anew, storage, study)
    optuna.delete_study(study_name=anew, storage=storage)


def _copy(old: BaseStorage, name: str, new: BaseStorage, name_there: str) -> None:
    optuna.copy_study(
        from_study_name=name, from_storage=old, to_storage=new, to_study_name=name_there
    )


def _write(
    old: BaseStorage, study: str, trials: Collection[str], new: BaseStorage, name: str
) -> None:
    """Write a search with some of its trials open."""
    source = optuna.load_study(study_name=study, storage=old)
    copy = optuna.create_study(storage=new, study_name=name, directions=source.directions)
    for key, value in source.user_attrs.items():
        if key != _WHOLE:
            copy.set_user_attr(key, value)
    for trial in source.get_trials(deepcopy=False):
        again = trial.user_attrs.get(IDENTITY) in trials
        copy.add_trial(_suggested(trial) if again else trial)
    copy.set_user_attr(_WHOLE, True)


def _suggested(trial: FrozenTrial) -> FrozenTrial:
    """Return a trial as it was when it had been suggested."""
    return optuna.trial.create_trial(
        state=TrialState.RUNNING,
        params=trial.params,
        distributions=trial.distributions,
        user_attrs={IDENTITY: trial.user_attrs[IDENTITY]},
        system_attrs={_GIVEN: trial.system_attrs[_GIVEN]} if _GIVEN in trial.system_attrs else {},
    )

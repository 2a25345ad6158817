"""Optuna's measures of how much each parameter of a search mattered, asked from its frames."""

import math
import warnings
from collections.abc import Callable, Sequence

import numpy as np
import optuna
import pandas as pd
from numpy.typing import NDArray
from optuna.distributions import CategoricalDistribution
from optuna.importance import (
    BaseImportanceEvaluator,
    FanovaImportanceEvaluator,
    PedAnovaImportanceEvaluator,
    get_param_importances,
)
from optuna.trial import FrozenTrial

from search_spaces.search import Search
from search_spaces.space import Space, branches, sample
from sweeps.analysis.importance import (
    FEWEST,
    TOP,
    Importance,
    explained_by_options,
    marginal_effects,
    rung_values,
    shares,
    too_few,
)
from sweeps.analysis.measure import find_measure

_SHUFFLES = 100
_LUCK = 0.95
"""Quantile of what shuffled values give, which is called chance."""
Values = NDArray[np.float64]


def importance(
    search: Search, epochs: int, trials: pd.DataFrame, curves: pd.DataFrame, metric: str
) -> Importance:
    """Return how much each parameter of a search mattered for one metric.

    Every trial is looked at after the same epoch: the first rung, which all came to, or the end
    where none is stopped early. A parameter of a branch is judged among the trials of its branch.

    Args:
        search: how was searched.
        epochs: the full budget.
        trials: the trials frame; rows of role ``search`` count.
        curves: the curves frame.
        metric: a column of the curves.

    Source: Watanabe et al. 2023, "PED-ANOVA" (IJCAI), in the variance of being among the best
        (equations 5 and 6 over the total variance), of numbers as Optuna estimates it and of
        choices from counts (`explained_by_options`); Hutter et al. 2014, "An efficient approach for
        assessing hyperparameter importance" (fANOVA), only where no trial was stopped early.
    """
    rungs = search.rungs(epochs)
    epoch = rungs[0] if rungs else epochs
    values = rung_values(trials, curves, metric, epoch)
    sign = -1.0 if find_measure(metric.split("/")[-1]).higher_is_better else 1.0
    rows, notes = [], []
    for branch, names in branches(search.space):
        active = values[[names[0] in suggested for suggested in values["suggested"]]]
        told = _told(search.space, names, active)
        if len(told) < FEWEST:
            notes.append(too_few(len(told), epoch, branch))
            continue
        loss = sign * np.array([trial.value for trial in told])
        measured = _measured(told, loss, stopped=bool(rungs))
        rows += [{"branch": branch, "n": len(told)} | measured[name] for name in names]
    frame = shares(rows)
    effects = marginal_effects(values, set(frame["parameter"]))
    return Importance(epoch, epochs, frame, effects, tuple(notes))


def _told(space: Space, names: Sequence[str], values: pd.DataFrame) -> list[FrozenTrial]:
    """Return trials as Optuna has them, of some parameters; those outside of the space left out."""
    told = []
    for row in values.to_dict("records"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # told of a value that is out of range
            try:
                fixed = optuna.trial.FixedTrial(row["suggested"])
                sample(space, fixed)
                told.append(
                    optuna.trial.create_trial(
                        params={name: fixed.params[name] for name in names},
                        distributions={name: fixed.distributions[name] for name in names},
                        value=row["value"],
                    )
                )
            except ValueError:
                continue
    return told


def _measured(
    told: Sequence[FrozenTrial], loss: Values, *, stopped: bool
) -> dict[str, dict[str, object]]:
    """Return the columns of each parameter."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study()
    study.add_trials(told)
    found = _ped_anova(study, loss)
    random = np.random.default_rng(0)
    shuffled = pd.DataFrame([_ped_anova(study, random.permutation(loss)) for _ in range(_SHUFFLES)])
    whole = {} if stopped else _fanova(study, loss)
    return {
        name: {
            "parameter": name,
            "ped_anova": found[name],
            "chance": float(shuffled[name].quantile(_LUCK)),
            "fanova": whole.get(name, math.nan),
        }
        for name in found
    }


def _ped_anova(study: optuna.Study, loss: Values) -> dict[str, float]:
    """Return the share of the variance of being among the best that each parameter explains.

    Optuna's Parzen estimator flattens the shares of a choice's options; counts have them exactly.
    """
    best = loss <= np.sort(loss)[math.ceil(TOP * len(loss)) - 1]
    total = float(best.var()) or math.nan  # of equal values none is the best
    trials = study.get_trials(deepcopy=False)
    of = trials[0].distributions
    choices = [name for name in of if isinstance(of[name], CategoricalDistribution)]
    numbers = [name for name in of if name not in choices]
    evaluator = PedAnovaImportanceEvaluator(target_quantile=TOP)
    asked = _asked(study, evaluator, loss, numbers) if numbers else {}
    return {name: explained / total for name, explained in asked.items()} | {
        name: explained_by_options([trial.params[name] for trial in trials], best)
        for name in choices
    }


def _fanova(study: optuna.Study, loss: Values) -> dict[str, float]:
    """Return the share of the variance of the value that each parameter explains, if any varies."""
    try:
        return _asked(study, FanovaImportanceEvaluator(seed=0), loss)
    except RuntimeError:  # no tree of the forest could split
        return {}


def _asked(
    study: optuna.Study,
    evaluator: BaseImportanceEvaluator,
    loss: Values,
    names: list[str] | None = None,
) -> dict[str, float]:
    """Return what an evaluator says of the parameters, less being better."""
    target: Callable[[FrozenTrial], float] = lambda trial: float(loss[trial.number])  # noqa: E731
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that less is better, and shares not normalised
        return get_param_importances(
            study, evaluator=evaluator, params=names, target=target, normalize=False
        )

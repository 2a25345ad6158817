"""A search by Optuna that is told the truth: every state it learns comes from the record.

A trial that ASHA stopped is PRUNED with its intermediate values (never COMPLETE with a truncated
one). A diverged, out-of-memory, timed-out or impossible configuration is PRUNED with a violated
constraint, so that the sampler keeps away from it; FAIL is for bugs and infrastructure. Trials that
an earlier driver left RUNNING are adopted: their parameters come from Optuna's database, all else
from ours.
"""

import hashlib
import json
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import optuna
from optuna.storages import BaseStorage
from optuna.trial import TrialState

from cifar_models.recipe import Recipe
from search_spaces.source_digest import source_digest
from search_spaces.space import probes, sample
from search_spaces.study import SEARCH_SEED, Study
from sweeps.execution.objectives import aims, values
from sweeps.execution.plan import Cell
from sweeps.execution.samplers import make_sampler
from sweeps.execution.trial_source import TrialSource
from sweeps.record.identity import TrialSpec
from sweeps.record.journal import Journal, TrialRecord

IDENTITY = "trial"
"""User attribute that names our trial; set last, so that a trial without it was never launched."""
CONSTRAINT = "trainable"
"""Constraint that is violated (above zero) when a configuration cannot be trained."""

_STATES = {"finished": TrialState.COMPLETE, "failed": TrialState.FAIL}
_INFEASIBLE = frozenset({"diverged", "out_of_memory", "timed_out", "impossible"})
_EXTENSIBLE = frozenset(
    {"trials", "top_k", "selection_seeds", "points", "baseline_first", "objectives", "cohort"}
)
"""What of a search may change without making its values incomparable, or counts apart."""

MakeSpec = Callable[[Recipe], TrialSpec]


def optuna_study_name(study: Study, baseline: TrialSpec, cohort: int = 0) -> str:
    """Return the name of a search in Optuna's database.

    It holds a digest of all that makes values comparable (the base recipe with its data and
    numerics, the space with the source of its own components, metric, objectives, rule, halving,
    cohorts), so that more trials or points extend a search and a changed question never mixes with
    it. In cohorts, what a search begins with decides all that follows, and counts too.
    """
    search = study.search
    assert search is not None
    points = (study.base.replace(point) for point in probes(search.space))
    content = [
        baseline.id,
        search.model_dump(mode="json", exclude=set(_EXTENSIBLE)),
        study.metric,
        study.selection,
        cohort,
        sorted({source_digest(point) for point in points}),
    ]
    begun = list(search.starting_points(study.base)) if cohort else []
    content += [part for part in (search.objectives, begun) if part]
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:8]
    return f"{study.name}-{digest}"


def open_optuna_study(
    study: Study, baseline: TrialSpec, storage: BaseStorage, cohort: int = 0
) -> optuna.Study:
    """Create or open the Optuna study of a search."""
    wanted = aims(study)
    opened = optuna.create_study(
        storage=storage,
        study_name=optuna_study_name(study, baseline, cohort),
        directions=["maximize" if study.ascends(aim) else "minimize" for aim in wanted],
        load_if_exists=True,
    )
    if opened.metric_names is None:
        with warnings.catch_warnings():  # experimental
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            opened.set_metric_names(list(wanted))
    return opened


class OptunaTrials(TrialSource):
    """Asks Optuna for recipes until the search's number of trials is reached."""

    def __init__(
        self,
        study: Study,
        optuna_study: optuna.Study,
        make_spec: MakeSpec,
        journal: Journal,
        storage: str,
        slots: int,
    ) -> None:
        super().__init__(study.name, journal, storage, slots)
        assert study.search is not None
        self.question, self.search, self.optuna = study, study.search, optuna_study
        self.make_spec = make_spec
        known = optuna_study.get_trials(deepcopy=False)
        # A seed of its own for each start: the same one would draw the same first points again.
        optuna_study.sampler = make_sampler(study.search, SEARCH_SEED + len(known))
        begun = [trial for trial in known if trial.state is not TrialState.WAITING]
        self._asked = len(begun)
        self._adopted = [trial for trial in begun if not trial.state.is_finished()]
        self._given = self._not_yet(known)
        self._suggested: dict[str, list[optuna.Trial]] = {}
        """The open suggestions of each configuration: equal parameters are one trial of ours."""

    def next_spec(self) -> TrialSpec | None:
        """Return the next trial to train: an adopted one, or one that Optuna suggests."""
        while self._adopted or self._asked < self.search.trials:
            trial = self._next_suggestion()
            spec = self._spec(trial)
            if spec is None:
                continue
            same = self._suggested.setdefault(spec.id, [])
            same.append(trial)
            if self.journal[spec.id].ended(self.study):
                self.ended(spec.id)  # trained before, for this study or another
            elif len(same) == 1:
                return spec
        return None

    def ended(self, trial: str) -> None:
        """Tell Optuna how every suggestion of this configuration ended, if it did."""
        record = self.journal[trial]
        if record.ended(self.study):
            for suggestion in self._suggested.pop(trial, []):
                self._tell(suggestion, record)

    def _next_suggestion(self) -> optuna.Trial:
        if self._adopted:
            return optuna.Trial(self.optuna, self._adopted.pop(0)._trial_id)
        self._asked += 1
        given = next(self._given, None)
        if given is not None:
            self.optuna.enqueue_trial(given)
        return self.optuna.ask()

    def _not_yet(self, known: list[optuna.trial.FrozenTrial]) -> Iterator[dict[str, Any]]:
        """Yield the points that the search begins with, but those that Optuna knows."""
        tried = [trial.system_attrs.get("fixed_params", trial.params) for trial in known]
        keys = {frozenset(parameters.items()) for parameters in tried}
        for parameters in self.search.starting_points(self.question.base):
            if frozenset(parameters.items()) not in keys:
                yield parameters

    def _spec(self, trial: optuna.Trial) -> TrialSpec | None:
        """Return the trial of a suggestion, or None when no recipe or network comes of it.

        An adopted suggestion has its parameters already: asking again returns them.
        """
        changes = sample(self.search.space, trial)
        try:
            spec = self.make_spec(self.question.base.replace(changes))
        except ValueError as error:
            self._tell(trial, TrialRecord("", status="impossible", reason=str(error)))
            return None
        trial.set_user_attr(IDENTITY, spec.id)
        return spec

    def _tell(self, trial: optuna.Trial, record: TrialRecord) -> None:
        """End a trial of Optuna's as the record says."""
        if not self.search.objectives:  # of several Optuna has no intermediate values
            self._report(trial, record)
        if record.reason:
            trial.set_user_attr("reason", record.reason[-500:])
        if record.status in _INFEASIBLE:
            trial.set_constraint(CONSTRAINT, 1.0)
        state = _STATES.get(record.status, TrialState.PRUNED)
        told = values(self.question, record) if state is TrialState.COMPLETE else {}
        lacking = {aim for aim, value in told.items() if value is None}
        if lacking & {cost.column for cost in self.question.costs}:  # an accuracy not reached
            trial.set_constraint(CONSTRAINT, 1.0)
            state = TrialState.PRUNED
        elif lacking:  # the metric was not finite, or is newer than the trial
            state = TrialState.FAIL
        complete = state is TrialState.COMPLETE
        measured = [value for value in told.values() if value is not None]
        self.optuna.tell(trial, measured if complete else None, state)

    def _report(self, trial: optuna.Trial, record: TrialRecord) -> None:
        metric = f"validation/{self.question.metric}"
        for epoch, result in sorted(record.results.items()):
            if metric in result["metrics"]:
                trial.report(result["metrics"][metric], epoch)


def searched_cells(study: Study, optuna_study: optuna.Study, make_spec: MakeSpec) -> list[Cell]:
    """Return the trials that a search has launched, each once, from Optuna's parameters alone."""
    assert study.search is not None
    cells: dict[str, Cell] = {}
    for trial in optuna_study.get_trials(deepcopy=False):
        if IDENTITY in trial.user_attrs:
            spec = make_spec(study.base.replace(sample(study.search.space, trial)))
            cells.setdefault(spec.id, Cell(spec, "search", suggested=trial.params))
    return list(cells.values())


def searched(optuna_study: optuna.Study) -> list[str]:
    """Return the identities of all trials that a search has launched, each once."""
    trials = optuna_study.get_trials(deepcopy=False)
    return list(dict.fromkeys(t.user_attrs[IDENTITY] for t in trials if IDENTITY in t.user_attrs))

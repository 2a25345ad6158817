"""A search by Optuna that is told the truth: every state it learns comes from the record.

A trial that ASHA stopped is PRUNED with its intermediate values (never COMPLETE with a truncated
one). A diverged, out-of-memory or impossible configuration is PRUNED with a violated constraint, so
that the sampler keeps away from it; FAIL is for bugs and infrastructure. Trials that an earlier
driver left RUNNING are adopted: their parameters come from Optuna's database, all else from ours.
"""

import hashlib
import json
import logging
import warnings
from collections.abc import Callable

import optuna
from optuna.samplers import BaseSampler, RandomSampler, TPESampler
from optuna.storages import BaseStorage
from optuna.trial import TrialState

from cifar_models.recipe import Recipe
from search_spaces.source_digest import source_digest
from search_spaces.space import probes, sample
from search_spaces.study import SEARCH_SEED, Search, Study
from sweeps.execution.trial_source import TrialSource
from sweeps.record.identity import TrialSpec
from sweeps.record.journal import Journal, TrialRecord

IDENTITY = "trial"
"""User attribute that names our trial; set last, so that a trial without it was never launched."""
CONSTRAINT = "trainable"
"""Constraint that is violated (above zero) when a configuration cannot be trained."""

_STATES = {"finished": TrialState.COMPLETE, "failed": TrialState.FAIL}
_INFEASIBLE = frozenset({"diverged", "out_of_memory", "impossible"})

_STARTUP = 5
"""Random trials before TPE guides; Optuna's 10 would leave a search of a dozen nearly random."""

MakeSpec = Callable[[Recipe], TrialSpec]


def optuna_study_name(study: Study, baseline: TrialSpec, cohort: int = 0) -> str:
    """Return the name of a search in Optuna's database.

    It holds a digest of all that makes values comparable (the base recipe with its data and
    numerics, the space with the source of its own components, metric, rule, halving, cohorts), so
    that more trials extend a search and a changed question never mixes with it.
    """
    assert study.search is not None
    same = study.search.model_dump(mode="json", exclude={"trials", "top_k", "selection_seeds"})
    points = (study.base.replace(point) for point in probes(study.search.space))
    sources = sorted({source_digest(point) for point in points})
    content = [baseline.id, same, study.metric, study.selection, cohort, sources]
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:8]
    return f"{study.name}-{digest}"


def open_optuna_study(
    study: Study, baseline: TrialSpec, storage: BaseStorage, cohort: int = 0
) -> optuna.Study:
    """Create or open the Optuna study of a search."""
    logging.getLogger("optuna").setLevel(logging.WARNING)
    return optuna.create_study(
        storage=storage,
        study_name=optuna_study_name(study, baseline, cohort),
        direction="maximize" if study.higher_is_better else "minimize",
        load_if_exists=True,
    )


def make_sampler(search: Search, seed: int) -> BaseSampler:
    """Return the sampler of a search."""
    if search.sampler == "random":
        return RandomSampler(seed=seed)
    with warnings.catch_warnings():  # multivariate, constant_liar: marked as experimental
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        return TPESampler(
            seed=seed, n_startup_trials=_STARTUP, multivariate=True, group=True, constant_liar=True
        )


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
        self._asked = len(known)
        self._adopted = [trial for trial in known if not trial.state.is_finished()]
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
        return self.optuna.ask()

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
        metric = f"validation/{self.question.metric}"
        for epoch, result in sorted(record.results.items()):
            if metric in result["metrics"]:
                trial.report(result["metrics"][metric], epoch)
        if record.reason:
            trial.set_user_attr("reason", record.reason[-500:])
        if record.status in _INFEASIBLE:
            trial.set_constraint(CONSTRAINT, 1.0)
        state = _STATES.get(record.status, TrialState.PRUNED)
        complete = state is TrialState.COMPLETE
        value = record.metric(metric, self.question.selection) if complete else None
        if complete and value is None:  # the metric was not finite, or is newer than the trial
            state = TrialState.FAIL
        self.optuna.tell(trial, value, state)


def searched_specs(
    study: Study, optuna_study: optuna.Study, make_spec: MakeSpec
) -> list[TrialSpec]:
    """Return the trials that a search has launched, each once, from Optuna's parameters alone."""
    assert study.search is not None
    specs = (
        make_spec(study.base.replace(sample(study.search.space, trial)))
        for trial in optuna_study.get_trials(deepcopy=False)
        if IDENTITY in trial.user_attrs
    )
    return list({spec.id: spec for spec in specs}.values())


def searched(optuna_study: optuna.Study) -> list[str]:
    """Return the identities of all trials that a search has launched, each once."""
    trials = optuna_study.get_trials(deepcopy=False)
    return list(dict.fromkeys(t.user_attrs[IDENTITY] for t in trials if IDENTITY in t.user_attrs))

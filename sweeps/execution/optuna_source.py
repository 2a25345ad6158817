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
from typing import Any

import optuna
from optuna.samplers import BaseSampler, RandomSampler, TPESampler
from optuna.trial import FixedTrial, FrozenTrial, TrialState

from cifar_models.recipe import Recipe
from search_spaces.space import sample
from search_spaces.study import SEARCH_SEED, Search, Study
from sweeps.execution.trial_source import TrialSource
from sweeps.record.identity import TrialSpec
from sweeps.record.journal import Journal, TrialRecord

IDENTITY = "trial"
"""User attribute that names our trial; set last, so that a trial without it was never launched."""
VIOLATION = "violation"
"""User attribute above zero when a configuration cannot be trained."""

_STATES = {"finished": TrialState.COMPLETE, "failed": TrialState.FAIL}
_INFEASIBLE = frozenset({"diverged", "out_of_memory", "impossible"})

MakeSpec = Callable[[Recipe], TrialSpec]


def optuna_study_name(study: Study, baseline: TrialSpec) -> str:
    """Return the name of a search in Optuna's database.

    It holds a digest of all that makes values comparable (the base recipe with its data and
    numerics, space, metric, rule, halving), so that more trials extend a search and a changed
    question never mixes with it.
    """
    assert study.search is not None
    same = study.search.model_dump(mode="json", exclude={"trials", "top_k", "selection_seeds"})
    content = [baseline.id, same, study.metric, study.selection]
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:8]
    return f"{study.name}-{digest}"


def open_optuna_study(study: Study, baseline: TrialSpec, storage: str) -> optuna.Study:
    """Create or open the Optuna study of a search."""
    logging.getLogger("optuna").setLevel(logging.WARNING)
    return optuna.create_study(
        storage=storage,
        study_name=optuna_study_name(study, baseline),
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
            seed=seed, multivariate=True, group=True, constant_liar=True,
            constraints_func=lambda trial: (trial.user_attrs.get(VIOLATION, 0.0),),
        )  # fmt: skip


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
        self._waiting = [t for t in known if not t.state.is_finished()]
        self._numbers: dict[str, list[int]] = {}

    def next_spec(self) -> TrialSpec | None:
        """Return the next trial to train: an adopted one, or one that Optuna suggests."""
        while self._waiting or self._asked < self.search.trials:
            if self._waiting:
                number, params = _adopted(self._waiting.pop(0))
            else:
                self._asked += 1
                number, params = self._ask()
            spec = self._spec(number, params)
            if spec is None:
                continue
            numbers = self._numbers.setdefault(spec.id, [])
            numbers.append(number)
            if self.journal[spec.id].ended(self.study):
                self.ended(spec.id)  # trained before, for this study or another
            elif len(numbers) == 1:
                return spec
        return None

    def ended(self, trial: str) -> None:
        """Tell Optuna how every suggestion of this configuration ended, if it did."""
        record = self.journal[trial]
        if record.ended(self.study):
            for number in self._numbers.pop(trial, []):
                self._tell(number, record)

    def _ask(self) -> tuple[int, dict[str, Any]]:
        trial = self.optuna.ask()
        sample(self.search.space, trial)
        return trial.number, trial.params

    def _spec(self, number: int, params: dict[str, Any]) -> TrialSpec | None:
        """Return the trial of a suggestion, or None when no recipe or network comes of it."""
        changes = sample(self.search.space, FixedTrial(params))
        try:
            spec = self.make_spec(self.question.base.replace(changes))
        except ValueError as error:
            self._tell(number, TrialRecord("", status="impossible", reason=str(error)))
            return None
        self._storage.set_trial_user_attr(self._id(number), IDENTITY, spec.id)
        return spec

    def _tell(self, number: int, record: TrialRecord) -> None:
        """End a trial of Optuna's as the record says."""
        trial, metric = self._id(number), f"validation/{self.question.metric}"
        for epoch, result in sorted(record.results.items()):
            if metric in result["metrics"]:
                value = result["metrics"][metric]
                self._storage.set_trial_intermediate_value(trial, epoch, value)
        if record.reason:
            self._storage.set_trial_user_attr(trial, "reason", record.reason[-500:])
        if record.status in _INFEASIBLE:
            self._storage.set_trial_user_attr(trial, VIOLATION, 1.0)
        state = _STATES.get(record.status, TrialState.PRUNED)
        complete = state is TrialState.COMPLETE
        value = record.metric(metric, self.question.selection) if complete else None
        self.optuna.tell(number, value, state)

    @property
    def _storage(self) -> Any:
        return self.optuna._storage

    def _id(self, number: int) -> int:
        found: int = self._storage.get_trial_id_from_study_id_trial_number(
            self.optuna._study_id, number
        )
        return found


def searched(optuna_study: optuna.Study) -> list[str]:
    """Return the identities of all trials that a search has launched, each once."""
    trials = optuna_study.get_trials(deepcopy=False)
    return list(dict.fromkeys(t.user_attrs[IDENTITY] for t in trials if IDENTITY in t.user_attrs))


def _adopted(trial: FrozenTrial) -> tuple[int, dict[str, Any]]:
    return trial.number, trial.params

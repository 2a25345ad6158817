"""A search that depends neither on timing nor on the number of workers.

Optuna's suggestions come in cohorts of a fixed size: all of a cohort are asked for at once, each
with a sampler seeded by its number, and told together, in the order of their numbers, when the last
has ended; so each follows from the cohorts before it alone. Inside a cohort halving is synchronous:
a trial that reaches a rung pauses there until all have reached it, or ended, and the best
1/reduction_factor go on. All decisions follow from the journal: a killed driver's heir makes the
same ones. The price is idle workers at the end of each rung.
"""

import time
from typing import Any

import optuna
from ray.tune.experiment import Trial
from ray.tune.schedulers import FIFOScheduler, TrialScheduler

from search_spaces.search import Search
from search_spaces.study import SEARCH_SEED, Study
from sweeps.execution.optuna_source import MakeSpec, OptunaTrials
from sweeps.execution.samplers import make_sampler
from sweeps.record.identity import TrialSpec
from sweeps.record.journal import Journal, TrialRecord


class Idleness:
    """Measures the share of the workers' time in which they wait for others."""

    def __init__(self, slots: int) -> None:
        self.slots = slots
        self._idle = self._all = 0.0
        self._busy, self._looked = slots, time.monotonic()

    def look(self, busy: int) -> None:
        """Take notice that so many workers are busy from now on."""
        now = time.monotonic()
        passed, self._looked = now - self._looked, now
        self._all += self.slots * passed
        self._idle += max(self.slots - self._busy, 0) * passed
        self._busy = busy

    def told(self) -> str:
        """Return a sentence; empty if nothing was looked at."""
        if not self._all:
            return ""
        share = self._idle / self._all
        return f"{self.slots} slots waited {share:.0%} of the time for the others of a cohort."


class CohortTrials(OptunaTrials):
    """Hands out the trials of one cohort, and the next cohort when all of them have ended."""

    def __init__(
        self, study: Study, optuna_study: optuna.Study, make_spec: MakeSpec,
        journal: Journal, storage: str, slots: int,
    ) -> None:  # fmt: skip
        super().__init__(study, optuna_study, make_spec, journal, storage, slots)
        self.members: dict[str, TrialSpec] = {}
        """The distinct configurations of the present cohort."""
        self.paused: set[str] = set()
        """Those that wait at a rung, on no worker."""
        self._waiting: list[TrialSpec] = []
        self.idleness = Idleness(slots)

    def ready(self) -> bool:
        """Whether a trial can be handed out: the last cohort must have ended before the next."""
        return self.free() if self._waiting else not self.live

    def free(self) -> bool:
        """Whether a worker has nothing to do."""
        return self.busy < self.slots

    @property
    def busy(self) -> int:
        """Workers that have something to do."""
        return len(self.live) - len(self.paused)

    def told(self) -> str:
        """Return what the cohorts have cost."""
        return self.idleness.told()

    def next_spec(self) -> TrialSpec | None:
        """Return the next trial of the cohort, or the first of a new one."""
        while not self._waiting and (self._adopted or self._asked < self.search.trials):
            self._tell_cohort()
            self._ask_cohort()
        if self._waiting:
            return self._waiting.pop(0)
        self._tell_cohort()
        return None

    def ended(self, trial: str) -> None:
        """Leave the telling to the end of the cohort."""

    def recorded_epochs(self, trial: str) -> int:
        """Have the last recorded epoch reported again: its rung may not have been decided."""
        return max(self.journal[trial].epochs - 1, 0)

    def _ask_cohort(self) -> None:
        """Ask for what the cohort still lacks, those adopted first."""
        self.members, first = {}, True
        while self._adopted or self._asked < self.search.trials:
            if not (self._adopted or first) and self._asked % self.search.cohort == 0:
                break
            first = False
            number = self._adopted[0].number if self._adopted else self._asked
            self.optuna.sampler = make_sampler(self.search, SEARCH_SEED + number)
            trial = self._next_suggestion()
            spec = self._spec(trial)
            if spec is not None:
                self._suggested.setdefault(spec.id, []).append(trial)
                self.members[spec.id] = spec
        journal = self.journal
        self._waiting = [s for s in self.members.values() if not journal[s.id].ended(self.study)]

    def _tell_cohort(self) -> None:
        told = [(t, name) for name, trials in self._suggested.items() for t in trials]
        for trial, name in sorted(told, key=lambda pair: pair[0].number):
            record = self.journal[name]
            if record.ended(self.study):
                self._tell(trial, record)
                self._suggested[name].remove(trial)


class CohortHalving(FIFOScheduler):
    """Halves a cohort at each rung, when all its trials have reached it or ended."""

    def __init__(self, source: CohortTrials, metric: str, epochs: int, *, sign: int) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.source, self.value, self.sign = source, metric, sign
        self.rungs = source.search.rungs(epochs)

    def on_trial_result(self, controller: Any, trial: Trial, result: dict[str, Any]) -> str:
        """Pause a trial at a rung; `choose_trial_to_run` decides."""
        epoch = result["epoch"]
        if epoch not in self.rungs:
            return TrialScheduler.CONTINUE
        trial.config["recorded_epochs"] = epoch  # goes on behind it
        controller.pause_trial(trial, should_checkpoint=False)
        self.source.paused.add(trial.trial_id)
        return TrialScheduler.NOOP

    def choose_trial_to_run(self, controller: Any) -> Trial | None:
        """Stop what lost its rung; return what may run: new trials, then those that won."""
        self.source.idleness.look(self.source.busy)
        trials = controller.get_trials()
        paused = [trial for trial in trials if trial.status == Trial.PAUSED]
        self.source.paused = {trial.trial_id for trial in paused}
        if self.source.lost:
            for trial in paused:
                controller.stop_trial(trial)
            return None
        verdicts = {trial: self._verdict(trial.trial_id) for trial in paused}
        for trial, goes_on in verdicts.items():
            if goes_on is False:
                journal, study = self.source.journal, self.source.study
                journal.append("outcome", trial.trial_id, status="stopped", study=study)
                controller.stop_trial(trial)
        pending = [trial for trial in trials if trial.status == Trial.PENDING]
        winners = [trial for trial, goes_on in verdicts.items() if goes_on and self.source.free()]
        return next(iter(pending + winners), None)

    def on_trial_error(self, controller: Any, trial: Trial) -> None:
        """End the search here if the trial did not end: the same command goes on with both."""
        if not self.source.journal[trial.trial_id].ended(self.source.study):
            self.source.lost = True  # its cohort cannot be decided now

    def _verdict(self, trial: str) -> bool | None:
        """Return whether a paused trial goes on; None while others are on their way to its rung."""
        journal, study = self.source.journal, self.source.study
        rung = journal[trial].epochs
        cohort = [journal[name] for name in self.source.members]
        if any(r.epochs < rung and not r.ended(study) for r in cohort):
            return None
        return trial in survivors(cohort, rung, self.value, self.sign, self.source.search)


def survivors(
    cohort: list[TrialRecord], rung: int, metric: str, sign: int, search: Search
) -> set[str]:
    """Return the trials of a cohort that go on after a rung: the best of those that reached it.

    Successive halving (Jamieson and Talwalkar, 2016, section 3): at least one, ties by name.
    """
    reached = [r for r in cohort if metric in r.results.get(rung, {"metrics": ()})["metrics"]]
    reached.sort(key=lambda r: (-sign * r.results[rung]["metrics"][metric], r.trial))
    return {r.trial for r in reached[: max(len(reached) // search.reduction_factor, 1)]}

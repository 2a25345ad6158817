"""The phases of a study as one run of Ray Tune, whose workers live through all of them.

A worker's start takes seconds, and a phase that is a run of its own would start all of them anew.
What Tune asks for trials, decisions and records is handed on to the phase at hand; the next one is
asked for when all trials of the last have ended, since it may depend on them.
"""

import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, cast

from optuna.exceptions import StorageInternalError
from ray import tune
from ray.tune.experiment import Trial
from ray.tune.schedulers import FIFOScheduler, TrialScheduler
from ray.tune.search import SearchAlgorithm

from sweeps.execution.faults import Faults, fault_of
from sweeps.execution.lean_tune import (
    LeanScheduler,
    LeanTrial,
    Template,
    end,
    keep_workers,
    make_way,
    tell_all_losses,
)
from sweeps.execution.progress import Headline, last_line
from sweeps.execution.recorder import Recorder
from sweeps.execution.standstill import Standstill
from sweeps.execution.suggestions import unanswered
from sweeps.execution.time_limit import TimeLimit
from sweeps.execution.trial_source import TrialSource
from sweeps.record.journal import Journal, Unwritable
from sweeps.record.tracking import Tracker

Trials = list[Trial]
Begin = Callable[[], tuple[TrialSource, TrialScheduler | None]]
"""Returns trials and their scheduler (None: first come, first served) as the record has them."""


class Interrupted(Exception):
    """A phase ended before all of its trials did: a signal, the time budget, or lost workers."""


@dataclass(frozen=True)
class Phase:
    """Trials in one role, how they begin, are shown and recorded."""

    begin: Begin
    progress: Headline
    recorder: type[Recorder] = Recorder
    trains: bool = True
    """Whether the time limit of a trial holds."""


class Chain(SearchAlgorithm):
    """Hands out the trials of one phase after another."""

    phase: Phase
    source: TrialSource
    scheduler: TrialScheduler
    recorder: Recorder

    faults: Faults

    def __init__(
        self, phases: Iterator[Phase], journal: Journal, tracker: Tracker,
        trial_time_limit: float | None = None,
    ) -> None:  # fmt: skip
        self.phases, self.journal, self.tracker = phases, journal, tracker
        self.time_limit = TimeLimit(trial_time_limit, journal)
        self.standstill = Standstill()
        self.done = False
        """Whether all phases have ended."""
        self.error: Exception | None = None
        """What went wrong between two phases: Tune shall first put its affairs in order."""
        self.template: Template

    def find(self) -> bool:
        """Go to the next phase that has something to do; whether there is one."""
        for phase in self.phases:
            if phase.progress.left:
                self.phase = phase
                return True
            phase.progress.head()
        self.done = True
        self.set_finished()  # type: ignore[no-untyped-call]
        return False

    def conclude(self) -> None:
        """End the phase at hand.

        Raises:
            Interrupted: Not all of its trials have ended.
            ValueError: The first of them failed alike: there is a bug to be mended.
        """
        self.phase.progress.finish(self.source.handed_out)
        self.say(self.faults.told())
        self.say(self.source.told())
        if self.recorder.bug:
            raise ValueError(
                "the first trials all failed alike, the others were not begun:\n\n"
                f"{self.recorder.bug.strip()}\n\n"
                "When it is mended: sweeps retry --failed with the same options"
            )
        settled = all(map(self.source.settled, self.source.handed_out))
        if not (settled and self.source.exhausted):
            raise Interrupted(last_line(next(iter(self.recorder.lost), "")))

    def give_up(self, why: Exception) -> None:
        """End the run as a signal would: what is on workers is lost, what is written stands."""
        if self.error is None:
            self.error = Interrupted(str(why))
            signal.raise_signal(signal.SIGUSR1)  # Tune's own, with which it ends in good order

    def lost(self, controller: Any, trial: LeanTrial) -> None:
        """Let a trial that has lost its worker go on with another, or end it."""
        fault, name = fault_of(trial.error), self.source.live[trial.trial_id].id
        if self.faults.survives(name, self.journal[name].epochs, fault):
            self.source.hand_out_again(trial.trial_id)
            return
        try:
            self.recorder.give_up(name, fault)
        except Unwritable as error:
            self.give_up(error)
        self.scheduler.on_trial_error(controller, trial)

    def end_overdue(self, controller: Any) -> None:
        """End the trials whose time is over, with their workers."""
        for trial, why in self.time_limit.overdue():
            end(controller, trial, why)

    def say(self, sentence: str) -> None:
        """Print a sentence about the phase at hand, if there is one."""
        if sentence:
            self.phase.progress.console.print(f"  {sentence}", soft_wrap=True, highlight=False)

    def _begin(self) -> None:
        self.faults = Faults()
        self.source, scheduler = self.phase.begin()
        self.scheduler = scheduler or LeanScheduler()  # type: ignore[no-untyped-call]
        self.recorder = self.phase.recorder(
            self.source, self.journal, self.tracker, self.phase.progress
        )
        self.phase.progress.start()

    # ------------------------------------------------------------------ what Ray Tune calls

    def add_configurations(self, experiments: Any) -> None:
        """Take the experiment whose settings every trial shares, and begin with the phase."""
        experiment = experiments[0] if isinstance(experiments, list) else experiments
        self.template = Template(experiment)
        self._begin()

    def next_trial(self) -> Trial | None:
        """Return a trial; None while there is no place, or for good when all phases are over.

        With no trial alive it never returns None without being finished: Tune would sleep.
        """
        if self.is_finished():
            return None
        try:
            trial = self.source.next_trial(self.template)
            while trial is None and self.source.over:
                self.conclude()
                if not self.find():
                    break
                self._begin()
                trial = self.source.next_trial(self.template)
        except Exception as error:
            self.error = error
            self.set_finished()  # type: ignore[no-untyped-call]
            return None
        return trial

    def on_trial_complete(
        self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False
    ) -> None:
        """Tell the phase that a trial has left its worker."""
        try:
            self.source.on_trial_complete(trial_id)
        except Unwritable as error:
            self.give_up(error)
        except StorageInternalError as error:
            self.give_up(unanswered(error))


class Scheduling(FIFOScheduler):
    """Hands Tune's questions on to the scheduler of the phase at hand."""

    def __init__(self, chain: Chain, workers: int) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.chain, self._workers = chain, workers

    def on_trial_add(self, controller: Any, trial: Trial) -> None:
        """Tell it of a new trial."""
        if self._workers:
            keep_workers(controller, self.chain.template, self._workers)
            tell_all_losses(controller)
        self._workers = 0
        self.chain.scheduler.on_trial_add(controller, trial)

    def on_trial_result(self, controller: Any, trial: Trial, result: dict[str, Any]) -> str:
        """Have it decide whether a trial goes on."""
        return self.chain.scheduler.on_trial_result(controller, trial, result)

    def on_trial_complete(self, controller: Any, trial: Trial, result: dict[str, Any]) -> None:
        """Tell it that a trial has ended."""
        self.chain.scheduler.on_trial_complete(controller, trial, result)

    def on_trial_remove(self, controller: Any, trial: Trial) -> None:
        """Tell it that a trial was stopped."""
        self.chain.scheduler.on_trial_remove(controller, trial)

    def on_trial_error(self, controller: Any, trial: Trial) -> None:
        """Have the chain decide what becomes of a trial without a worker."""
        self.chain.lost(controller, cast(LeanTrial, trial))

    def choose_trial_to_run(self, controller: Any) -> Trial | None:
        """Have it choose."""
        self.chain.end_overdue(controller)
        make_way(controller)
        return self.chain.scheduler.choose_trial_to_run(controller)


class Recording(tune.Callback):
    """Hands Tune's news on to the recorder of the phase at hand."""

    def __init__(self, chain: Chain) -> None:
        self.chain = chain

    def _record(self, news: str, *told: Any, **info: Any) -> None:
        try:
            getattr(self.chain.recorder, news)(*told, **info)
        except Unwritable as error:
            self.chain.give_up(error)

    def _heard(self, trial: Trial) -> None:
        if self.chain.phase.trains:
            self.chain.time_limit.heard(trial)

    def on_trial_start(self, iteration: int, trials: Trials, trial: Trial, **info: Any) -> None:
        """A trial is on a worker."""
        self._heard(trial)
        self._record("on_trial_start", iteration, trials, trial, **info)

    def on_trial_result(
        self, iteration: int, trials: Trials, trial: Trial, result: dict[str, Any], **info: Any
    ) -> None:
        """A trial has reported."""
        self._record("on_trial_result", iteration, trials, trial, result, **info)
        self._heard(trial)

    def on_trial_complete(self, iteration: int, trials: Trials, trial: Trial, **info: Any) -> None:
        """A trial has ended."""
        self._record("on_trial_complete", iteration, trials, trial, **info)

    def on_step_end(self, iteration: int, trials: Trials, **info: Any) -> None:
        """Tune has gone once round."""
        self.chain.say(self.chain.standstill.look(trials))
        self._record("on_step_end", iteration, trials, **info)

    def on_experiment_end(self, trials: Trials, **info: Any) -> None:
        """Tune ends."""
        self._record("on_experiment_end", trials, **info)

"""What Ray Tune tells us, written down: journal first, then MLflow's thread and the display."""

from typing import Any

from ray import tune
from ray.tune.experiment import Trial

from cifar_models import checkpoint as checkpoints
from sweeps.execution.faults import Fault
from sweeps.execution.progress import Headline
from sweeps.execution.trial_source import TrialSource
from sweeps.record.journal import Journal
from sweeps.record.places import checkpoint_url
from sweeps.record.tracking import Tracker

_REASON_CHARACTERS = 4000


class Recorder(tune.Callback):
    """Ray Tune's callback. Tune asks the scheduler first, so a result comes with its decision."""

    def __init__(
        self, source: TrialSource, journal: Journal, tracker: Tracker, progress: Headline
    ) -> None:
        self.source, self.journal = source, journal
        self.tracker, self.progress = tracker, progress
        self.lost: list[str] = []
        """Why the infrastructure gave up on trials."""
        self.bug = ""
        """The traceback with which all trials so far have failed, if there are two of them."""
        self._failures: set[str] = set()

    def on_trial_start(self, iteration: int, trials: list[Trial], trial: Trial, **_: Any) -> None:
        """Record that a trial is on a worker, for the display and for MLflow."""
        name = trial.trial_id
        self.journal.append("started", name, facts=self.journal[name].facts)
        self.tracker.changed(name)

    def on_trial_result(
        self, iteration: int, trials: list[Trial], trial: Trial, result: dict[str, Any], **_: Any
    ) -> None:
        """Record a result, and whether the scheduler stopped the trial on it."""
        name, status = trial.trial_id, result["status"]
        if self.journal[name].facts != result["facts"]:
            self.journal.append("started", name, facts=result["facts"])
        if status == "interrupted":  # the storage is full: others would fare no better
            self.lost.append(result["reason"])
            self.source.lost = True
        if status == "out_of_memory" and self._goes_on(trial, result):
            return
        if status in ("failed", "out_of_memory", "interrupted"):
            self.journal.append("outcome", name, status=status, reason=result["reason"])
            if status == "failed":
                self._suspect(result["reason"])
        else:
            if status == "running" and result.get("done"):
                status = "stopped"
            self.journal.append(
                "result", name, epoch=result["epoch"], status=status, metrics=result["metrics"],
                study=self.source.study,
            )  # fmt: skip
        self.tracker.changed(name)

    def _goes_on(self, trial: Trial, result: dict[str, Any]) -> bool:
        """Have a trial go on where a GPU has more memory than the one that it had for itself."""
        node = result.get("too_small")
        larger = node and self.source.cards.outgrown(self.source.live[trial.trial_id], node)
        if not larger:
            return False
        self.progress.console.print(f"  {larger}", soft_wrap=True, highlight=False)
        self.source.hand_out_again(trial.trial_id)
        return True

    def _suspect(self, traceback: str) -> None:
        """Hand out no more trials when the first two failed alike, and none could be trained."""
        if traceback in self._failures and not self._any_trained():
            self.bug, self.source.lost = traceback, True
        self._failures.add(traceback)

    def _any_trained(self) -> bool:
        return any(
            result.get("study") == self.source.study
            for record in self.journal.trials.values()
            for result in record.results.values()
        )

    def on_trial_complete(
        self, iteration: int, trials: list[Trial], trial: Trial, **_: Any
    ) -> None:
        """Free the disk of a trial that was stopped early."""
        name = trial.trial_id
        if self.journal[name].status == "stopped":
            checkpoints.remove(checkpoint_url(self.source.storage, name))
        self.tracker.changed(name)

    def give_up(self, trial: str, fault: Fault) -> None:
        """Record that a trial gets no other worker.

        An outcome is its own; of an interruption the same command goes on.
        """
        reason = fault.reason[-_REASON_CHARACTERS:]
        self.journal.append(
            "outcome", trial, status=fault.status, reason=reason, study=self.source.study
        )
        if not self.journal[trial].ended(self.source.study):
            self.lost.append(reason)
        self.tracker.changed(trial)

    def on_step_end(self, iteration: int, trials: list[Trial], **_: Any) -> None:
        """Refresh the display."""
        self.progress.update(self.source.handed_out)

    def on_experiment_end(self, trials: list[Trial], **_: Any) -> None:
        """Give every trial that was started and has not ended an outcome."""
        for name in self.source.handed_out:
            record = self.journal[name]
            if record.status == "running":
                self.journal.append("outcome", name, status="interrupted")
                self.tracker.changed(name)

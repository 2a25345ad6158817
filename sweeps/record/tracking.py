"""Keeping MLflow up to the journal, off the critical path.

One background thread is MLflow's only writer. It is told which trials have changed and writes what
the journal has and MLflow has not, so that writing again after a crash needs no bookkeeping: it is
the same operation. A server lost in mid-run delays records; it never fails a trial.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from sweeps.record.identity import TrialSpec
from sweeps.record.journal import TERMINAL, Journal
from sweeps.record.mlflow_runs import MEMBERSHIP, Runs

_INTERVAL = 1.0
"""Seconds between two rounds: results of that time go out in one batch a trial."""
_ENDED = TERMINAL | {"stopped", "interrupted"}


@dataclass
class _Mirror:
    """What MLflow is known to have of a trial."""

    run_id: str
    epochs: int = 0
    status: str = "running"
    tests: int = 0
    member: bool = False


class Tracker:
    """Mirrors the trials of a study's journal in MLflow."""

    def __init__(self, runs: Runs, journal: Journal, study: str, parent: str) -> None:
        self.runs, self.journal, self.study, self.parent = runs, journal, study, parent
        self.specs: dict[str, TrialSpec] = {}
        self.problem: str | None = None
        """Why MLflow is behind the journal at the moment, if it is."""
        self._mirrors: dict[str, _Mirror] = {}
        for run in runs.find(**{"kind": "trial", f"in.{study}": "true"}):
            status = run.data.tags.get("status", "running")
            ended = run.info.status != "RUNNING"
            epochs = int(run.data.metrics.get("epochs", 0)) if ended else 0
            tests = len({m.split("/")[0] for m in run.data.metrics if m.startswith("test_")})
            self._mirrors.setdefault(
                run.data.tags["trial"],
                _Mirror(run.info.run_id, epochs, status if ended else "running", tests, True),
            )
        self._changed: dict[str, None] = {}
        self._parent_news: dict[str, str] = {}
        self._wake = threading.Event()
        self._closing = False
        self._thread = threading.Thread(target=self._work, name="mlflow", daemon=True)
        self._thread.start()

    def follow(self, spec: TrialSpec) -> None:
        """Take a trial in: from now on MLflow has it, with all that the journal knows of it."""
        self.specs[spec.id] = spec
        self.changed(spec.id)

    def changed(self, trial: str) -> None:
        """Say that the journal has news of a trial."""
        self._changed[trial] = None

    def keep_membership(self, text: str) -> None:
        """Keep which trials are members of the study, in which role."""
        self._parent_news[MEMBERSHIP] = text

    def retire(self, trial: str) -> None:
        """Forget a trial that is about to be trained afresh; its old run leaves every study."""
        self.runs.retire(trial)
        self._mirrors.pop(trial, None)

    def close(self, status: str, patience: float) -> bool:
        """Write what is left, and end the parent run with an MLflow status.

        Returns:
            Whether MLflow is whole, after ``patience`` seconds at most.
        """
        self._parent_news["status"] = status
        self._closing = True
        self._wake.set()
        self._thread.join(patience)
        return not self._thread.is_alive()

    # ------------------------------------------------------------------ in the thread

    def _work(self) -> None:
        while True:
            self._wake.wait(_INTERVAL)
            whole = self._attempt(self._write_changed)
            if self._closing and whole and not self._changed:
                return
            if not whole:
                time.sleep(_INTERVAL)

    def _attempt(self, action: Callable[[], None]) -> bool:
        try:
            action()
        except Exception as error:  # whatever the backend raises: the journal has it all
            self.problem = str(error).strip().splitlines()[0]
            return False
        self.problem = None
        return True

    def _write_changed(self) -> None:
        for trial in list(self._changed):
            del self._changed[trial]
            try:
                self._write(trial)
            except Exception:
                self._changed[trial] = None
                raise
        for key in [MEMBERSHIP, "status"]:
            if key in self._parent_news:
                self._write_parent(key, self._parent_news[key])
                del self._parent_news[key]

    def _write_parent(self, key: str, text: str) -> None:
        if key == MEMBERSHIP:
            self.runs.client.log_text(self.parent, text, MEMBERSHIP)
        else:
            self.runs.client.set_terminated(self.parent, text)

    def _write(self, trial: str) -> None:
        """Bring MLflow's run of a trial up to the journal."""
        record = self.journal[trial]
        mirror = self._mirror(trial)
        status = record.status
        if not mirror.member:
            self.runs.client.set_tag(mirror.run_id, f"in.{self.study}", "true")
            mirror.member = True
        if mirror.status in _ENDED and status not in _ENDED:
            self.runs.client.update_run(mirror.run_id, status="RUNNING")
            self.runs.client.set_tag(mirror.run_id, "status", "running")
            mirror.status = "running"
        done = record.epochs
        if done > mirror.epochs:
            fresh = [r for epoch, r in sorted(record.results.items()) if epoch > mirror.epochs]
            self.runs.log_epochs(mirror.run_id, fresh)
        if status in _ENDED and (mirror.status != status or mirror.epochs != done):
            self.runs.log_end(mirror.run_id, record)
            mirror.status = status
        mirror.epochs = done
        if len(record.tests) > mirror.tests:
            self.runs.log_tests(mirror.run_id, record)
            mirror.tests = len(record.tests)

    def _mirror(self, trial: str) -> _Mirror:
        if trial not in self._mirrors:
            found = self.runs.trial(trial)
            run_id = (
                found.info.run_id
                if found
                else self.runs.create_trial(trial, self.specs[trial], self.parent)
            )
            self._mirrors[trial] = _Mirror(run_id)
        return self._mirrors[trial]

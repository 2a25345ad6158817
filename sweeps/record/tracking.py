"""Keeping MLflow up to the journal, off the critical path.

One background thread is MLflow's only writer. It is told which trials have changed and writes what
the journal has and MLflow has not, so that writing again after a crash needs no bookkeeping: it is
the same operation. A server lost in mid-run delays records; it never fails a trial.
"""

import math
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from mlflow.entities import Run

from sweeps.record.diagnosed import FACT as DIAGNOSED
from sweeps.record.identity import TrialSpec
from sweeps.record.journal import DECIDED, TERMINAL, Journal
from sweeps.record.labels import labels, run_name
from sweeps.record.mlflow_runs import MEMBERSHIP, RUN_NAME, Runs, first_line
from sweeps.record.observations import keep, kept
from sweeps.record.run_update import DESCRIBED, RunUpdate

_INTERVAL = 1.0
"""Seconds between two rounds."""
_GATHERING = 5.0
"""Seconds that the epochs of a trial gather while it runs: MLflow takes its time for each call."""
_SWITCH = 0.0005
"""Seconds until the thread gives the interpreter away. The control loop lets go of it at each call
to Ray, and would wait Python's usual 5 ms to get it back each time."""
_BUGS = (NameError, TypeError, AttributeError, LookupError, AssertionError)
"""What no outage raises: to try again does not help."""
_ENDED = TERMINAL | DECIDED | {"interrupted"}


@dataclass
class _Mirror:
    """What MLflow is known to have of a trial."""

    run_id: str
    tags: dict[str, str]
    epochs: int = 0
    status: str = "running"
    tests: int = 0
    written: float = -math.inf
    """When we wrote it last, by `time.monotonic`."""

    @classmethod
    def of(cls, run: Run) -> Self:
        """Return what a run has, as its tags and metrics say; what is uncertain counts as not."""
        tags, metrics = run.data.tags, run.data.metrics
        ended = run.info.status != "RUNNING"
        return cls(
            run_id=run.info.run_id,
            tags=tags,
            epochs=int(metrics.get("epochs", 0)) if ended else 0,
            status=tags.get("status", "running") if ended else "running",
            tests=len({name.split("/")[0] for name in metrics if name.startswith("test_")}),
        )


class Tracker:
    """Mirrors the trials of a study's journal in MLflow.

    Args:
        runs: MLflow.
        journal: what it is to have.
        study: whose trials are mirrored.
        parent: the study's own run.
        storage: where the checkpoints are, which hold what diagnostics have seen.
    """

    def __init__(
        self, runs: Runs, journal: Journal, study: str, parent: str, storage: str = ""
    ) -> None:
        self.runs, self.journal, self.study, self.parent = runs, journal, study, parent
        self._storage = storage
        self.problem: str | None = None
        """Why MLflow is behind the journal at the moment, if it is."""
        self._bug: Exception | None = None
        self._member = f"in.{study}"
        self._mirrors: dict[str, _Mirror] = {}
        for run in runs.find(**{"kind": "trial", f"in.{study}": "true"}):
            self._mirrors.setdefault(run.data.tags["trial"], _Mirror.of(run))
        self._changed: dict[str, None] = {}
        self._labels: dict[str, dict[str, str]] = {}
        self._membership: str | None = None
        self._end: str | None = None
        self._wake = threading.Event()
        sys.setswitchinterval(_SWITCH)
        self._thread = threading.Thread(target=self._work, name="mlflow", daemon=True)
        self._thread.start()

    def changed(self, trial: str) -> None:
        """Say that the journal has news of a trial: a spec at least."""
        self._changed[trial] = None

    def label(self, cells: Iterable[Mapping[str, Any]]) -> None:
        """Say what trials are to the study, before it is told that they have changed."""
        self._labels = labels(self.study, cells)

    def keep_membership(self, text: str) -> None:
        """Keep which trials are members of the study, in which role."""
        self._membership = text

    def retire(self, trial: str) -> None:
        """Forget a trial that is about to be trained afresh; its old run leaves every study.

        Raises:
            ValueError: MLflow does not answer.
        """
        try:
            self.runs.retire(trial)
        except Exception as error:  # MLflow raises its backend's own errors
            raise ValueError(
                f"MLflow does not answer: {first_line(error)}; it is needed to set the old "
                "runs of what is trained afresh aside"
            ) from None
        self._mirrors.pop(trial, None)

    def close(self, status: str, patience: float) -> bool:
        """Write what is left, and end the parent run with an MLflow status.

        A trial that has not ended by now is interrupted: no run is left RUNNING.

        Returns:
            Whether MLflow is whole, after ``patience`` seconds at most.

        Raises:
            Exception: What stands in the way is no outage but a bug; the journal is whole.
        """
        for trial in dict.fromkeys([*self._mirrors, *self._changed]):
            record = self.journal[trial]
            if record.status == "running":
                self.journal.append("outcome", trial, status="interrupted")
                self.changed(trial)
        self._end = status
        self._wake.set()
        self._thread.join(patience)
        bug, self._bug = self._bug, None
        if bug:
            raise bug
        return not self._thread.is_alive()

    # ------------------------------------------------------------------ in the thread

    def _work(self) -> None:
        while True:
            self._wake.wait(_INTERVAL)
            end = self._end  # read first: what is said before it is written before it
            whole = self._attempt(self._write_changed)
            if end is not None and whole and self._attempt(self._end_parent):
                return
            if end is not None and self._bug:
                return
            if not whole:
                time.sleep(_INTERVAL)

    def _attempt(self, action: Callable[[], None]) -> bool:
        try:
            action()
        except Exception as error:  # whatever the backend raises: the journal has it all
            self.problem = first_line(error)
            self._bug = error if isinstance(error, _BUGS) else None
            return False
        self.problem = self._bug = None
        return True

    def _end_parent(self) -> None:
        self.runs.client.set_terminated(self.parent, self._end)

    def _write_changed(self) -> None:
        membership, self._membership = self._membership, None
        if membership is not None:
            try:
                self.runs.client.log_text(self.parent, membership, MEMBERSHIP)
            except Exception:
                self._membership = self._membership or membership
                raise
        for trial in list(self._changed):
            if self._gathers(trial):
                continue
            del self._changed[trial]
            try:
                self._write(trial)
            except Exception:
                self._changed[trial] = None
                raise

    def _gathers(self, trial: str) -> bool:
        """Whether a trial goes on, and has been written a moment ago."""
        mirror = self._mirrors.get(trial)
        if mirror is None or self.journal[trial].status in _ENDED:
            return False
        return time.monotonic() < mirror.written + _GATHERING

    def _write(self, trial: str) -> None:
        """Bring MLflow's run of a trial up to the journal."""
        record = self.journal[trial]
        if record.status == "pending":
            return  # only planned so far: the study's membership says so
        mirror, status, done = self._mirror(trial), record.status, record.epochs
        update = RunUpdate(tags={self._member: "true"} | self._labels.get(trial, {}))
        if DESCRIBED not in mirror.tags:
            spec = self._spec(trial)
            data = spec.recipe.dataset
            self.runs.name_data(mirror.run_id, data.name, spec.data, data.model_dump_json())
            update.describe(spec)
        if mirror.status in _ENDED and status not in _ENDED:
            self.runs.client.update_run(mirror.run_id, status="RUNNING")
            update.tags["status"] = "running"
        if done > mirror.epochs:
            update.epochs([r for e, r in sorted(record.results.items()) if e > mirror.epochs])
        news = mirror.status != status or mirror.epochs != done
        if status in _ENDED and news:
            update.end(record)
        if status in _ENDED and DIAGNOSED in record.facts and (news or kept(mirror.tags) < done):
            update.tags |= keep(self.runs, mirror.run_id, self._storage, trial)
        tests = len(record.tests)
        if tests > mirror.tests:
            update.tests(record)
        update.tags = dict(update.tags.items() - mirror.tags.items())
        self.runs.write(mirror.run_id, update)
        seen = status if status in _ENDED else "running"
        tags, now = mirror.tags | update.tags, time.monotonic()
        self._mirrors[trial] = _Mirror(mirror.run_id, tags, done, seen, tests, now)

    def _spec(self, trial: str) -> TrialSpec:
        return TrialSpec.from_json(self.journal[trial].spec)

    def _mirror(self, trial: str) -> _Mirror:
        if trial not in self._mirrors:
            found = None if self.runs.absent(trial) else self.runs.trial(trial)
            self._mirrors[trial] = _Mirror.of(found) if found else self._new(trial)
        return self._mirrors[trial]

    def _new(self, trial: str) -> _Mirror:
        facts, spec = self.journal[trial].facts.items(), self._spec(trial)
        tags = {name: str(value) for name, value in facts} | {self._member: "true"}
        tags |= self._labels.get(trial, {})
        name = run_name(spec, tags.get(f"level.{self.study}", ""))
        run_id = self.runs.create_trial(trial, spec, self.parent, tags | {RUN_NAME: name})
        return _Mirror(run_id, tags | {"status": "running", "reason": ""})

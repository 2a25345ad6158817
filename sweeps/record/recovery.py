"""Trials that MLflow has and the journal has not: trained from another state folder, or by others.

A finished trial is taken over with its curve and its test metrics; anything less is trained again.
"""

import contextlib

from mlflow.entities import Run

from sweeps.record.diagnosed import FACT as DIAGNOSED
from sweeps.record.diagnosed import MISSED
from sweeps.record.environment import PACKAGES
from sweeps.record.identity import TrialSpec
from sweeps.record.journal import Journal
from sweeps.record.mlflow_runs import Runs

FACTS = (
    *(*PACKAGES, "git_commit", "node", "device", "parameters", "flops", "latency", "gpus"),
    *(DIAGNOSED, MISSED),
)
RULES = ("last", "best")


def prepare(runs: Runs, trials: int) -> None:
    """Prepare to recover so many trials: 3,000 questions to MLflow would take half a minute."""
    if trials > 0:
        with contextlib.suppress(Exception):  # whatever the backend raises: each will be asked for
            runs.look_through(trials)


def recover(runs: Runs, journal: Journal, spec: TrialSpec, study: str) -> None:
    """Take a finished trial over from MLflow, unless the journal knows the trial.

    A server that does not answer at this moment has nothing to give: the trial is trained.
    """
    if journal[spec.id].status != "pending" or runs.absent(spec.id):
        return
    try:
        run = runs.trial(spec.id)
        if run is None or run.data.tags.get("status") != "finished":
            return
        curve = runs.curves(run).to_dict("records")
    except Exception:  # whatever the backend raises
        return
    if len(curve) != spec.recipe.epochs:
        return
    if not journal[spec.id].spec:
        journal.append("trial", spec.id, spec=spec.to_json())
    facts = {name: run.data.tags[name] for name in FACTS if name in run.data.tags}
    journal.append("started", spec.id, facts=facts)
    for row in curve:
        epoch = int(row["epoch"])
        measured = {
            str(name): value
            for name, value in row.items()
            if name not in ("epoch", "time") and value == value  # NaN: not measured
        }
        status = "finished" if epoch == len(curve) else "running"
        # When it was trained, not now: this run has not spent it.
        trained = row.get("time", run.info.start_time / 1000)
        journal.append(
            "result", spec.id, epoch=epoch, status=status, metrics=measured, study=study,
            time=trained,
        )  # fmt: skip
    for rule in RULES:
        tests = tests_of(run, rule)
        if tests:
            journal.append("test", spec.id, selection=rule, metrics=tests)


def tests_of(run: Run, rule: str) -> dict[str, float]:
    """Return what a run has of the last evaluation under a selection rule."""
    prefix = f"test_{rule}/"
    metrics = run.data.metrics.items()
    return {name.removeprefix(prefix): v for name, v in metrics if name.startswith(prefix)}

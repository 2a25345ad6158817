"""What is known of one trial: what the journal has of it, and where MLflow keeps it."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mlflow.entities import Run

from sweeps.record.journal import FILE, TrialRecord, read_events, read_records
from sweeps.record.memberships import MEMBER
from sweeps.record.mlflow_runs import Runs, first_line
from sweeps.record.places import Places
from sweeps.record.recovery import FACTS, RULES, tests_of
from sweeps.record.run_update import COMPONENTS, SPEC

_RUN_ID = 32
_SHOWN = 5


@dataclass
class TrialHistory:
    """A trial with what befell it."""

    record: TrialRecord
    starts: int = 0
    """How often it was put on a worker."""
    interruptions: int = 0
    """How often its worker, or its driver with a last word, gave it up."""
    heard: float | None = None
    """When something was last recorded of it, in seconds since 1970."""
    run_id: str | None = None
    """Of its run in MLflow."""
    variant: str = ""
    """Its recipe's signature."""
    cells: list[dict[str, Any]] = field(default_factory=list)
    """Its places in studies: ``study``, ``role``, ``factor``, ``level``, ``baseline``; all but the
    first empty while the study has not come to its ablation."""
    components: str | None = None
    """The user's own file that its recipe needs."""
    problem: str = ""
    """Why MLflow says nothing of it."""

    @property
    def planned(self) -> int:
        """Epochs that it is to be trained."""
        return sum(phase["epochs"] for phase in self.record.spec["recipe"]["phases"])


def look_up(places: Places, name: str) -> TrialHistory:
    """Return what is known of a trial; a driver may be at work on it.

    Args:
        places: Where journal and MLflow are.
        name: Its identity, an unambiguous beginning of it, or the id of its run in MLflow.

    Raises:
        ValueError: There is none, or there are several; or nothing is recorded of it.
    """
    records, runs, problem = read_records(places.state), None, ""
    try:
        runs = Runs(places.tracking_uri, reading=True)
    except ValueError as error:
        problem = str(error)
    trial = _identity(records, runs, name)
    history = TrialHistory(records.get(trial, TrialRecord(trial)), problem=problem)
    _count(history, places.state)
    if runs is not None:
        try:
            _ask(runs, history)
        except Exception as error:  # whatever the backend raises: the journal has its part
            history.problem = f"MLflow at {runs.uri} fails: {first_line(error)}"
    if not history.record.spec:
        raise ValueError(
            f"nothing is recorded of trial {trial}: it is to be trained afresh, or "
            f"its run in MLflow is damaged{f'; {problem}' if problem else ''}"
        )
    return history


def _identity(records: Iterable[str], runs: Runs | None, name: str) -> str:
    """Return the one trial that a name means."""
    found = sorted(trial for trial in records if name and trial.startswith(name))
    if not found and runs is not None:
        found = _in_mlflow(runs, name)
    if len(found) == 1 or name in found:
        return name if name in found else found[0]
    if not found:
        raise ValueError(
            f"no trial is named {name!r} or begins so; `sweeps logs` lists those that went wrong, "
            "and MLflow has all: the tag trial of a run"
        )
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    raise ValueError(
        f"{len(found)} trials begin with {name!r}: {', '.join(found[:_SHOWN])}{more}; give more "
        "of the name"
    )


def _in_mlflow(runs: Runs, name: str) -> list[str]:
    """Return the trials that MLflow has under a name, or under the id of a run."""
    try:
        if len(name) == _RUN_ID:
            trial = runs.client.get_run(name).data.tags.get("trial")
            return [trial] if trial else []
        known = {run.data.tags["trial"] for run in runs.find(kind="trial")}
    except Exception:  # no such run, or no answer
        return []
    return sorted(trial for trial in known if name and trial.startswith(name))


def _count(history: TrialHistory, state: Path) -> None:
    """Count what the journal's records do not keep: starts, interruptions, the time."""
    facts: dict[str, Any] = {}
    for event in read_events(state / FILE):
        if event.get("trial") != history.record.trial:
            continue
        history.heard = event["time"]
        match event["event"]:
            case "started":
                history.starts += event["facts"] == facts  # others tell where it runs
                facts = event["facts"]
            case "outcome" if event["status"] == "interrupted":
                history.interruptions += 1
            case "forgotten":
                facts, history.starts, history.interruptions = {}, 0, 0


def _ask(runs: Runs, history: TrialHistory) -> None:
    """Add what MLflow has; the whole record where the journal has none."""
    trial = history.record.trial
    for parent in runs.find(kind="study"):
        membership = runs.membership(parent) or {"cells": []}
        history.cells += [
            {"study": parent.data.tags["study"]}
            | {key: cell[key] for key in ("role", "factor", "level", "baseline")}
            for cell in membership["cells"]
            if cell["trial"] == trial
        ]
    run = runs.trial(trial)
    if run is None:
        return
    asked = {tag.removeprefix(MEMBER) for tag in run.data.tags if tag.startswith(MEMBER)}
    for study in sorted(asked - {cell["study"] for cell in history.cells}):
        nowhere = {"role": "", "factor": "", "level": "", "baseline": False}
        history.cells.append({"study": study} | nowhere)
    history.run_id = run.info.run_id
    history.variant = run.data.tags.get("signature", "")
    history.components = runs.text(run, COMPONENTS)
    if not history.record.spec:
        history.record = _record(runs, run)


def _record(runs: Runs, run: Run) -> TrialRecord:
    """Return what a trial's run has, as the journal would."""
    tags = run.data.tags
    spec, names = runs.text(run, SPEC), ("epoch", "time")
    results = {
        int(row["epoch"]): {
            "epoch": int(row["epoch"]),
            "metrics": {str(k): v for k, v in row.items() if k not in names and v == v},
        }
        for row in runs.curves(run).to_dict("records")
    }
    return TrialRecord(
        tags["trial"],
        spec=json.loads(spec) if spec else {},
        facts={name: tags[name] for name in FACTS if name in tags},
        results=results,
        status=tags.get("status", "running"),
        reason=tags.get("reason", ""),
        tests={rule: tests for rule in RULES if (tests := tests_of(run, rule))},
    )

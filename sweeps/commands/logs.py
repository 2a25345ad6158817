"""`sweeps logs`: what became of one trial, and the command that trains it alone."""

from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sweeps.commands.options import (
    DataDirOption,
    JsonOption,
    StateOption,
    StorageOption,
    TrackingOption,
    sentences,
)

if TYPE_CHECKING:
    from sweeps.record.places import Places
    from sweeps.record.trial_history import TrialHistory
    from sweeps.single_trial import SingleTrial

_COLUMN = 12
_WHERE = ("device", "node")
_VERSIONS = ("torch", "cifar-sweeps", "git_commit")


@sentences
def logs(
    trial: Annotated[
        str | None,
        typer.Argument(
            metavar="[TRIAL]",
            help="Its name or the beginning of it, or the id of its MLflow run. Without one: "
            "every trial that went wrong.",
            show_default=False,
        ),
    ] = None,
    components: Annotated[
        Path | None,
        typer.Option(metavar="FILE.py", help="Your own file, instead of the recorded copy of it."),
    ] = None,
    data_dir: DataDirOption = None,
    json: JsonOption = False,
    storage: StorageOption = "runs",
    state: StateOption = None,
    tracking_uri: TrackingOption = None,
) -> None:
    """Print what is known of a trial, why it died, and the command that trains it alone.

    Also while the study runs. The recipe of that command is written into the folder trials of the
    state.
    """
    from sweeps.record.places import resolve_places

    places = resolve_places(storage, state, tracking_uri)
    if trial is None:
        _list(places, as_json=json)
        return
    from sweeps.record.trial_history import look_up
    from sweeps.single_trial import write_trial

    history = look_up(places, trial)
    alone = write_trial(history, places, components, data_dir)
    if json:
        import json as encoder

        typer.echo(encoder.dumps(_plain(history, alone), indent=1))
        return
    for name, text in _lines(history, alone, places).items():
        typer.echo(f"{name:<{_COLUMN}}{text}")
    if history.record.reason:
        typer.echo(f"\n{history.record.reason.strip()}")
    typer.echo(f"\ntrain it alone:\n{alone.command}")


def _lines(history: "TrialHistory", alone: "SingleTrial", places: "Places") -> dict[str, str]:
    """Return what is printed of a trial, in its order."""
    record, spec = history.record, history.record.spec
    versions = [f"{name} {record.facts[name]}" for name in _VERSIONS if record.facts.get(name)]
    where = [record.facts[name] for name in _WHERE if record.facts.get(name)] + versions
    variant = f", variant {history.variant}" if history.variant else ""
    lines = {
        "trial": record.trial,
        "recipe": f"{spec['recipe']['model']['name']}{variant}, seed {spec['seed']}",
        "numerics": ", ".join(f"{name} {value}" for name, value in spec["numerics"].items()),
        "status": _status(history, places),
        "in study": "; ".join(map(_cell, history.cells)),
        f"epoch {record.epochs}": _metrics(record.selected("last")["metrics"])
        if record.results
        else "",
        "where": ", ".join(where),
        "MLflow run": history.run_id or history.problem or "none",
        "checkpoint": alone.checkpoint or "none",
        "but": alone.missing,
    }
    tests = {f"test, {rule}": _metrics(measured) for rule, measured in record.tests.items()}
    return {name: text for name, text in (lines | tests).items() if text}


def _status(history: "TrialHistory", places: "Places") -> str:
    """Return how far a trial has come, and what befell it on the way."""
    from sweeps.record.driver import at_work

    record, words = history.record, history.record.status
    ours = history.heard is not None
    if words == "running" and ours and not at_work(places.state):
        words = "cut off: its driver is gone, `sweeps run` goes on with it"
    told = [f"{words}, {record.epochs} of {history.planned} epochs done"]
    if history.starts:
        told.append(f"started {_times(history.starts)}")
    if history.interruptions:
        told.append(f"interrupted {_times(history.interruptions)}")
    if history.heard is not None:
        told.append(f"last heard of {datetime.fromtimestamp(history.heard):%Y-%m-%d %H:%M:%S}")
    return ", ".join(told)


def _times(number: int) -> str:
    return {1: "once", 2: "twice"}.get(number, f"{number} times")


def _cell(cell: dict[str, Any]) -> str:
    role = f", {cell['role']}" if cell["role"] else ""
    level = f" {cell['factor']} = {cell['level']}" if cell["factor"] else ""
    return f"{cell['study']}{role}{level}{' (baseline)' if cell['baseline'] else ''}"


def _metrics(metrics: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:.4g}" for name, value in metrics.items())


def _plain(history: "TrialHistory", alone: "SingleTrial") -> dict[str, Any]:
    """Return everything as plain data."""
    record = history.record
    return {
        "trial": record.trial,
        "variant": history.variant,
        **record.spec,
        "status": record.status,
        "reason": record.reason,
        "epochs": record.epochs,
        "planned_epochs": history.planned,
        "metrics": record.selected("last")["metrics"] if record.results else {},
        "tests": record.tests,
        "facts": record.facts,
        "cells": history.cells,
        "started": history.starts,
        "interrupted": history.interruptions,
        "last_heard": history.heard,
        "run_id": history.run_id,
        "mlflow": history.problem,
        **asdict(alone),
    }


def _list(places: "Places", *, as_json: bool) -> None:
    """Print a line for each trial that went wrong: which, how, why."""
    import json as encoder

    from sweeps.record.driver import at_work
    from sweeps.record.journal import read_records

    alive = at_work(places.state)
    found = [
        {
            "trial": record.trial,
            "status": "cut off" if record.status == "running" else record.status,
            "epochs": record.epochs,
            "reason": record.reason.strip().rpartition("\n")[2],
        }
        for record in read_records(places.state).values()
        if record.went_wrong or (record.status == "running" and not alive)
    ]
    if as_json:
        typer.echo(encoder.dumps(found, indent=1))
        return
    for row in found:
        line = f"{row['trial']}  {row['status']:<14}after {row['epochs']} epochs  {row['reason']}"
        typer.echo(line.rstrip())
    if not found:
        typer.echo(f"No trial in {places.state} went wrong.")

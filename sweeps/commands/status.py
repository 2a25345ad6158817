"""`sweeps status`: what runs, how far it is, and what became of its trials so far."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from sweeps.commands.options import (
    JsonOption,
    RunningOption,
    StateOption,
    StorageOption,
    sentences,
)

if TYPE_CHECKING:
    from sweeps.record.driver import Driver
    from sweeps.record.journal import TrialRecord


@sentences
def status(
    study: RunningOption = None, storage: StorageOption = "runs", state: StateOption = None,
    json: JsonOption = False,
) -> None:  # fmt: skip
    """Print which study runs, and what became of the trials that it has touched.

    The driver is not asked, its journal is read: also of one that hangs. Without a driver, all
    trials of the state are counted.
    """
    import json as encoder

    from sweeps.record.driver import OUTPUT, at_work, find
    from sweeps.record.places import state_folder

    folder = state_folder(storage, state)
    driver = find(folder, study) if study else at_work(folder)
    records, heard = _touched(folder, driver.since if driver else 0.0)
    told = _told(driver, records, heard)
    if json:
        typer.echo(encoder.dumps(told, indent=1))
        return
    for line in _lines(told, folder):
        typer.echo(line)
    if (folder / OUTPUT).exists():
        typer.echo(f"printed in the background: {folder / OUTPUT}")


def _touched(folder: Path, since: float) -> tuple[list["TrialRecord"], float | None]:
    """Return the trials of which something was recorded since, and when it last was."""
    from sweeps.record.journal import FILE, read_events, read_records

    heard = {
        event["trial"]: event["time"]
        for event in read_events(folder / FILE)
        if event.get("time", -1.0) >= since
    }
    records = read_records(folder)
    return [records[trial] for trial in heard], max(heard.values(), default=None)


def _told(
    driver: "Driver | None", records: list["TrialRecord"], heard: float | None
) -> dict[str, Any]:
    """Return it as plain data."""
    running = [record for record in records if record.status == "running"] if driver else []
    states = Counter(record.status for record in records)
    if not driver:
        states["cut off"] = states.pop("running", 0)
    return {
        "driver": None if driver is None else {
            "process": driver.process, "host": driver.host,
            "study": driver.study, "since": driver.since,
        },
        "trials": {name: number for name, number in states.items() if number},
        "running": {
            record.trial: {"epochs": record.epochs, "node": record.facts.get("node", "")}
            for record in running
        },
        "last_heard": heard,
    }  # fmt: skip


def _lines(told: dict[str, Any], folder: Path) -> Iterator[str]:
    driver = told["driver"]
    if driver is None:
        yield f"Nothing runs on {folder}."
    else:
        study = f"study {driver['study']}" if driver["study"] else "at work on the record"
        yield (
            f"{study}: process {driver['process']} on {driver['host']}, since "
            f"{_moment(driver['since'])}"
        )
        if driver["study"] and not told["trials"]:
            yield "no trial since then"
    if told["trials"]:
        yield f"trials: {', '.join(f'{n} {name}' for name, n in told['trials'].items())}"
    for trial, where in told["running"].items():
        on = f" on {where['node']}" if where["node"] else ""
        yield f"  {trial} after {where['epochs']} epochs{on}"
    if told["last_heard"]:
        yield f"last recorded: {_moment(told['last_heard'])}"


def _moment(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds):%Y-%m-%d %H:%M:%S}"

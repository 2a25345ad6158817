"""`sweeps stop`: end a running study as Ctrl-C would."""

import signal
from typing import Annotated

import typer

from sweeps.commands.options import RunningOption, StateOption, StorageOption, sentences

_PATIENCE = 180.0
"""Seconds in which a driver ends: 30 on a quiet machine, more while Ray or MLflow still start."""


@sentences
def stop(
    study: RunningOption = None,
    now: Annotated[
        bool, typer.Option("--now", help="Do not wait for MLflow: the second signal at once.")
    ] = False,
    storage: StorageOption = "runs",
    state: StateOption = None,
) -> None:
    """End the study that runs: its trials keep their last epochs, and its command goes on later."""
    from sweeps.record.driver import find, wait_for_end
    from sweeps.record.places import state_folder

    folder = state_folder(storage, state)
    driver = find(folder, study)
    driver.signal(signal.SIGTERM)
    if now and not wait_for_end(folder, driver, 1.0):
        driver.signal(signal.SIGTERM)
    if not wait_for_end(folder, driver, _PATIENCE):
        raise ValueError(
            f"{driver} has not ended within {_PATIENCE:.0f} s; `sweeps stop --now` does not wait "
            f"for MLflow, and `kill -9 {driver.process}` costs each trial the epoch at hand"
        )
    typer.echo(f"{driver} has ended. What is recorded stands; the same command does the rest.")

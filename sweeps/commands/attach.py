"""`sweeps attach`: what a study prints that runs in the background, as it prints it."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from sweeps.commands.options import RunningOption, StateOption, StorageOption, sentences

if TYPE_CHECKING:
    from sweeps.record.driver import Driver

_PERIOD = 0.5


@sentences
def attach(
    study: RunningOption = None, storage: StorageOption = "runs", state: StateOption = None
) -> None:
    """Show what a study started with --detach prints, until it ends; Ctrl-C leaves it running."""
    from sweeps.record.driver import find
    from sweeps.record.places import state_folder

    folder = state_folder(storage, state)
    driver = find(folder, study)
    if not driver.output:
        raise ValueError(
            f"{driver} prints into its own terminal; `sweeps status` says how far it is"
        )
    try:
        for text in _printed(folder, driver):
            typer.echo(text, nl=False)
    except KeyboardInterrupt:
        typer.echo(f"\n{driver} runs on.")


def _printed(state: Path, driver: "Driver") -> Iterator[str]:
    from sweeps.record.driver import at_work

    with Path(driver.output).open(encoding="utf-8", errors="replace") as stream:
        while True:
            # Asked first: what comes in between is still read.
            alive = driver.lives or at_work(state) == driver
            yield stream.read()
            if not alive:
                return
            time.sleep(_PERIOD)

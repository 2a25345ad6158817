"""`sweeps run --detach`: a study that runs on when the terminal is gone."""

import subprocess
import sys
import time
from pathlib import Path

import typer

OPTION = "--detach"
_PERIOD = 0.2


def detach(state: Path) -> None:
    """Start this command again without a terminal, and wait until it is at work.

    Raises:
        ValueError: Another driver is at work there.
        typer.Exit: It ended at once; what it printed is printed, with its exit code.
    """
    from sweeps.record.driver import OUTPUT, Driver, at_work, hold

    state.mkdir(parents=True, exist_ok=True)
    hold(state, Driver.here()).close()  # nobody prints into that file
    printed = state / OUTPUT
    if printed.exists():
        printed.replace(f"{printed}.previous")
    command = [word for word in sys.orig_argv if word != OPTION]
    with printed.open("wb") as output:
        driver = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
        )
    try:
        while driver.poll() is None:
            found = at_work(state)
            if found is not None and found.process == driver.pid:
                typer.echo(
                    f"study {found.study} runs in the background: {found}\n"
                    f"what it prints:   sweeps attach --state {state}\n"
                    f"how far it is:    sweeps status --state {state}\n"
                    f"end it:           sweeps stop --state {state}"
                )
                return
            time.sleep(_PERIOD)
    except KeyboardInterrupt:  # nobody would know of it
        driver.terminate()
        raise
    typer.echo(printed.read_text(encoding="utf-8", errors="replace"), nl=False)
    raise typer.Exit(driver.returncode)

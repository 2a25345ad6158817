"""`sweeps status`, `stop`, `attach` on a state that a driver holds."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sweeps.record.driver import at_work
from sweeps.record.journal import Journal
from tests.sweeps.commands.command_line import call, refuse
from tests.sweeps.record.small import record, spec

DRIVER = """
import signal, sys, time
from pathlib import Path
from sweeps.record.journal import Journal
journal = Journal(Path(sys.argv[1]), "small")
journal.append("start", sys.argv[2])
journal.append("result", sys.argv[2], epoch=1, status="running", metrics={"seconds": 1.0})
print("ablation: 2 trials", flush=True)

def end(*_):
    print("Stopped.", flush=True)
    sys.exit(130)

signal.signal(signal.SIGTERM, end)
time.sleep(60)
"""


@pytest.fixture
def known(tmp_path: Path) -> Path:
    """A state with a finished trial, from an earlier run."""
    journal = Journal(tmp_path)
    record(journal, spec(0), 0.1, 0.2)
    journal.close()
    return tmp_path


@pytest.fixture
def driver(known: Path) -> Iterator[subprocess.Popen[bytes]]:
    """One that trains another trial, and prints into a file."""
    with (known / "output.log").open("wb") as printed:
        process = subprocess.Popen(
            [sys.executable, "-c", DRIVER, str(known), spec(1).id], stdout=printed
        )
    while "ablation" not in (known / "output.log").read_text():
        assert process.poll() is None
        time.sleep(0.05)
    yield process
    process.kill()
    process.wait()


def test_without_a_driver_all_trials_are_counted(known: Path) -> None:
    said = call("status", "--storage", known).stdout
    assert f"Nothing runs on {known}." in said
    assert "trials: 1 finished" in said
    refuse(known, "nothing runs", "stop", "--storage", known)
    refuse(known, "nothing runs", "attach", "--storage", known)


def test_a_running_study_is_shown_with_the_trials_of_this_run(
    known: Path, driver: subprocess.Popen[bytes]
) -> None:
    said = call("status", "--state", known).stdout
    assert f"study small: process {driver.pid} on " in said
    assert "trials: 1 running" in said
    assert f"{spec(1).id} after 1 epochs" in said
    assert "no trial since" not in said
    told = json.loads(call("status", "--study", "small", "--state", known, "--json").stdout)
    assert told["driver"]["study"] == "small"
    assert told["running"] == {spec(1).id: {"epochs": 1, "node": ""}}
    driver.kill()
    driver.wait()
    assert "trials: 1 finished, 1 cut off" in call("status", "--state", known).stdout


def test_a_driver_that_waits_for_its_trials_is_told_of(known: Path) -> None:
    journal = Journal(known, "small")
    said = call("status", "--state", known).stdout
    journal.close()
    assert said.splitlines()[1:] == ["no trial since then"]


def test_stop_ends_it_and_attach_shows_what_it_prints(
    known: Path, driver: subprocess.Popen[bytes]
) -> None:
    for command in ("stop", "status"):
        refuse(known, "study other does not run", command, "--study", "other", "--state", known)
    attached = subprocess.Popen(
        [sys.executable, "-m", "sweeps", "attach", "--study", "small", "--state", str(known)],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert attached.stdout is not None
    assert attached.stdout.readline() == "ablation: 2 trials\n"
    said = call("stop", "--study", "small", "--state", known).stdout
    assert f"process {driver.pid} on " in said
    assert "has ended" in said
    assert driver.wait() == 130
    assert at_work(known) is None
    assert attached.communicate(timeout=60)[0] == "Stopped.\n"
    assert attached.returncode == 0
    refuse(known, f"what was printed in the background last is in {known / 'output.log'}", "attach",
           "--state", known)  # fmt: skip
    assert (
        f"printed in the background: {known / 'output.log'}"
        in call("status", "--state", known).stdout
    )

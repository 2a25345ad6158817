import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
import typer

from search_spaces.looks import FORMS, SequentialSeeds
from sweeps.__main__ import app
from sweeps.commands.options import SeedsOption, sentences
from tests.sweeps.commands.command_line import call

COMMANDS = (
    *("run", "attach", "status", "stop"),
    *("doctor", "plan", "list", "table", "report", "explain", "analyse", "export", "verify"),
    *("reproduce", "retry", "logs", "clean", "serve"),
)
WRITES = {
    "run",
    "attach",
    "stop",
    "report",
    "explain",
    "analyse",
    "export",
    "verify",
    "retry",
    "serve",
}
"""Commands that give files and sentences, and nothing for a script to read."""
OF_NO_STUDY = {"list", "logs", "attach", "status", "stop", "analyse", "verify", "serve"}


def test_help_and_error_say_the_same_of_seeds() -> None:
    told = get_args(SeedsOption)[1].help
    assert "after {}, {}, {} or {} gets no more".format(*SequentialSeeds().looks) in told
    assert "auto:4,8,16" in told
    assert "auto:4,8,16" in FORMS


def test_a_mistake_is_one_line_and_exit_code_2(capsys: pytest.CaptureFixture[str]) -> None:
    @sentences
    def command() -> None:
        raise ValueError("what is wrong; what to do")

    with pytest.raises(typer.Exit) as left:
        command()
    assert left.value.exit_code == 2
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "error: what is wrong; what to do\n")


def test_the_traceback_is_shown_when_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    @sentences
    def command() -> None:
        raise ValueError("here")

    monkeypatch.setenv("SWEEPS_TRACEBACK", "1")
    with pytest.raises(ValueError, match="here"):
        command()


def test_a_bug_of_ours_stays_a_traceback() -> None:
    @sentences
    def command() -> None:
        raise AssertionError("cannot be")

    with pytest.raises(AssertionError):
        command()


def names() -> Iterator[str]:
    for command in app.registered_commands:
        assert command.name is not None
        yield command.name


def test_the_commands_are_those_of_the_design() -> None:
    assert tuple(names()) == COMMANDS


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_helps(command: str) -> None:
    result = call(command, "--help")
    assert result.exit_code == 0
    assert "--json" in result.stdout or command in WRITES
    if command not in OF_NO_STUDY:
        for option in ("--study", "--storage", "--state", "--tracking-uri"):
            assert option in result.stdout


def test_help_answers_at_once() -> None:
    """Imports stand inside the commands: torch alone takes seconds."""
    subprocess.run([sys.executable, "-m", "sweeps", "--help"], check=True, capture_output=True)
    times = []
    for _ in range(3):
        started = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-X", "importtime", "-m", "sweeps", "--help"],
            check=True,
            capture_output=True,
            text=True,
        )
        times.append(time.monotonic() - started)
    imported = {line.split("|")[-1].strip() for line in done.stderr.splitlines()}
    assert not imported & {"torch", "ray", "mlflow", "pandas", "optuna", "pydantic"}
    assert min(times) < 3  # on a busy machine; within a second on a free one


def test_a_server_that_mlflow_itself_would_take_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    said = call("table", "--study", "quickstart", "--storage", tmp_path)
    assert said.exit_code == 2
    assert "http://127.0.0.1:9" in said.output

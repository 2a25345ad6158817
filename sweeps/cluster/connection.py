"""Asking a machine: over ssh, through Ray, or here."""

import contextlib
import inspect
import json
import shlex
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from sweeps.cluster import probe, processes
from sweeps.cluster.facts import Clock, Facts

PATIENCE = 120.0
"""Seconds that one answer may take: torch's import among it."""
UNANSWERED = "no answer within"
"""How it is said that there was none."""
_ROUNDS = 5
"""Questions for the time; that of the shortest round trip counts, as in NTP."""
BOOT = (
    "import sys; exec(compile(sys.stdin.read(int(sys.stdin.readline())), 'probe', 'exec'), "
    "{'__name__': '__probe__'})"
)
"""The code of a Python that reads the probe, and answers."""
_PYTHON = f'exec "$(command -v python || command -v python3)" -c {shlex.quote(BOOT)}'
_WITHOUT_TERMINAL = ("bash: cannot set terminal process group", "bash: no job control")
"""Begins what an interactive bash says first where it has no terminal, however well it is."""


class Silent(Exception):
    """A machine does not answer.

    Args:
        message: Why.
        inside: Whether there was a sign from there: it can be reached, and something else is wrong.
    """

    error = ""

    def __init__(self, message: str, *, inside: bool = False) -> None:
        super().__init__(message)
        self.inside = inside


class Refused(Exception):
    """A machine answers that it cannot.

    Args:
        message: Why.
        error: The name of the system's error, as ENOSPC, where there was one.
    """

    def __init__(self, message: str, error: str) -> None:
        super().__init__(message)
        self.error = error


class Connection(Protocol):
    """A machine that answers the questions of `sweeps.cluster.probe`."""

    def ask(self, question: str, *arguments: Any) -> Any:
        """Return the answer.

        Raises:
            Silent: There is none.
            Refused: It cannot.
        """


class Here:
    """This machine, in this process."""

    def ask(self, question: str, *arguments: Any) -> Any:
        """Return the answer."""
        return _opened(probe.answer(question, list(arguments)))


class Piped:
    """A Python that is reached by a command and answers through its pipes: ssh, or a subprocess.

    Args:
        command: Starts a Python that runs `BOOT`.
    """

    def __init__(self, command: Sequence[str]) -> None:
        self._late = self._inside = False
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        text = probe_text()
        with contextlib.suppress(BrokenPipeError):  # whoever asks is told why
            self._write(f"{len(text)}\n{text}")

    def ask(self, question: str, *arguments: Any) -> Any:
        """Return the answer."""
        with contextlib.suppress(BrokenPipeError):
            self._write(json.dumps([question, *arguments]) + "\n")
        assert self._process.stdout is not None
        watch = threading.Timer(PATIENCE, self._give_up)
        watch.start()
        try:
            for line in self._process.stdout:
                self._inside = True  # ssh itself writes elsewhere
                if line.startswith(probe.MARK):
                    return _opened(json.loads(line.removeprefix(probe.MARK)))
        finally:
            watch.cancel()
        raise Silent(self._last_words(), inside=self._inside)

    def close(self) -> None:
        """End it."""
        self._process.kill()
        self._process.communicate()

    def _write(self, text: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(text)
        self._process.stdin.flush()

    def _give_up(self) -> None:
        self._late = True
        self._process.kill()

    def _last_words(self) -> str:
        if self._late:
            return f"{UNANSWERED} {PATIENCE:.0f} s"
        self._process.kill()
        assert self._process.stderr is not None
        said = (line.strip() for line in self._process.stderr.read().splitlines())
        lines = [line for line in said if line and not line.startswith(_WITHOUT_TERMINAL)]
        return lines[-1] if lines else "it ends without a word"


def probe_text() -> str:
    """Return the probe as one text that imports nothing of ours."""
    parts = inspect.getsource(processes) + inspect.getsource(probe)
    lines = parts.splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith("from sweeps."))


def python_there(login: Sequence[str]) -> list[str]:
    """Return the command of the Python that a login shell finds behind ssh, as Ray does.

    It begins with a line that says no more than that ssh has let us in.
    """
    return [*login, f"echo; exec bash --login -i -c {shlex.quote(_PYTHON)}"]


def _opened(reply: dict[str, Any]) -> Any:
    if "error" in reply:
        raise Refused(reply["error"], reply["errno"])
    return reply["answer"]


def facts_of(connection: Connection, places: Sequence[str]) -> Facts:
    """Return what a machine says of itself.

    Raises:
        Silent: It does not answer, or something else does.
    """
    try:
        return Facts.model_validate(connection.ask("facts", list(places)))
    except (Refused, ValueError) as error:
        raise Silent(str(error).splitlines()[0], inside=True) from None


def clock_of(connection: Connection, now: Callable[[], float] = time.time) -> Clock:
    """Compare a machine's clock with ours.

    It is taken to have looked in the middle between question and answer; half of the shortest round
    trip bounds the error.
    """
    rounds = []
    for _ in range(_ROUNDS):
        asked = now()
        there = float(connection.ask("clock"))
        answered = now()
        rounds.append((answered - asked, there - (asked + answered) / 2))
    trip, ahead = min(rounds, key=lambda one: one[0])
    return Clock(ahead=ahead, uncertainty=trip / 2)

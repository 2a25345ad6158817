"""The process of MLflow's server: it holds a lock of its folder for as long as it lives."""

import fcntl
import json
import os
import signal
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TextIO

from sweeps.record.driver import locked

_LOCK = "server.lock"
_PATIENCE = 20.0
"""Seconds in which it ends by itself."""
_LOOK_SECONDS = 0.1


@dataclass(frozen=True)
class ServerProcess:
    """A server that was started, with its workers a group of its own."""

    process: int
    host: str
    uri: str

    def __str__(self) -> str:
        return f"process {self.process} on {self.host}, at {self.uri}"

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to it and its workers.

        Raises:
            ValueError: It runs on another host, or belongs to another user.
        """
        here = os.uname().nodename
        if self.host != here:
            raise ValueError(f"the server is {self}, and here is {here}: give the command there")
        try:
            os.killpg(self.process, number)
        except ProcessLookupError:
            return
        except PermissionError:
            raise ValueError(f"the server is {self}, which is another user's") from None


def hold(folder: Path) -> TextIO:
    """Make a folder, and lock it for a server that inherits the returned file.

    Raises:
        ValueError: Another has it, or it cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        stream = (folder / _LOCK).open("a+", encoding="utf-8")
        free = locked(stream)
    except OSError as error:
        raise ValueError(
            f"cannot write {folder}: {error.strerror}; give another --folder"
        ) from None
    if not free:
        with stream:
            raise ValueError(
                f"a server over {folder} is at work already ({_read(stream)}); "
                f"`sweeps serve --stop --folder {folder}` ends it"
            )
    stream.truncate(0)
    return stream


def note(stream: TextIO, process: int, uri: str) -> None:
    """Write down which process has inherited the lock, and what it serves."""
    json.dump(asdict(ServerProcess(process, os.uname().nodename, uri)), stream)
    stream.flush()


def at_work(folder: Path) -> ServerProcess | None:
    """Return the server that holds a folder, None if there is none.

    A number of a process is not given again while a process has it: as long as the lock is held,
    the number that was written down is that very server's.

    Raises:
        ValueError: The folder is not for this user's eyes.
    """
    try:
        with (folder / _LOCK).open(encoding="utf-8") as stream:
            try:
                fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return _read(stream)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ValueError(f"cannot read {folder}: {error.strerror}") from None
    return None


def end(folder: Path) -> ServerProcess | None:
    """End the server that holds a folder; return which it was, None if there was none.

    Raises:
        ValueError: It runs on another host, belongs to another user, or does not end.
    """
    server = at_work(folder)
    if server is None:
        return None
    for number in (signal.SIGTERM, signal.SIGKILL):
        until = time.monotonic() + _PATIENCE
        server.signal(number)
        while time.monotonic() < until:
            if at_work(folder) != server:
                return server
            time.sleep(_LOOK_SECONDS)
    raise ValueError(f"the server is {server}, and does not end: `kill -9 {server.process}`")


def _read(stream: TextIO) -> ServerProcess:
    stream.seek(0)
    try:
        return ServerProcess(**json.load(stream))
    except (ValueError, TypeError):
        raise ValueError(
            f"{stream.name} does not say which server holds it: it is just being started"
        ) from None

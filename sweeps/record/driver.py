"""The driver of a state folder: one process at a time, found by others through its lock."""

import fcntl
import json
import os
import signal
import stat
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self, TextIO

_LOCK = "driver.lock"
OUTPUT = "output.log"
"""The file of a state folder into which a driver without a terminal prints."""
_LOOK_SECONDS = 0.2
_ATTEMPTS = 5


@dataclass(frozen=True)
class Driver:
    """A process that runs a study, or works on its record."""

    process: int
    host: str
    study: str = ""
    """Empty where it works on all of them, as `sweeps clean` does."""
    since: float = 0.0
    """Seconds since 1970."""
    output: str = ""
    """The file that it prints into; empty where it prints into a terminal or pipe."""

    @classmethod
    def here(cls, study: str = "") -> Self:
        """Return this process."""
        return cls(os.getpid(), os.uname().nodename, study, time.time(), _printed_into())

    def __str__(self) -> str:
        study = f", study {self.study}" if self.study else ""
        return f"process {self.process} on {self.host}{study}"

    @property
    def lives(self) -> bool:
        """Whether the process is there, on this host: it prints its table after its work."""
        if self.host != os.uname().nodename:
            return False
        try:
            os.kill(self.process, 0)
        except OSError as error:
            return isinstance(error, PermissionError)
        return True

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal; nothing happens if it has ended.

        Raises:
            ValueError: It runs on another host, or belongs to another user.
        """
        if self.host != os.uname().nodename:
            raise ValueError(
                f"the driver is {self}, and here is {os.uname().nodename}: give the command there"
            )
        try:
            os.kill(self.process, number)
        except ProcessLookupError:
            return
        except PermissionError:
            raise ValueError(f"the driver is {self}, which is another user's") from None


def hold(state: Path, driver: Driver) -> TextIO:
    """Hold a state folder until the returned lock is closed or this process ends, however.

    Raises:
        ValueError: Another driver has it.
        OSError: The folder cannot be written.
    """
    stream = (state / _LOCK).open("a+", encoding="utf-8")
    if not locked(stream):
        with stream:
            holder = _read(stream)
        raise ValueError(
            f"another driver is at work on {state} ({holder}); wait for it, or end it with "
            "`sweeps stop`"
        )
    stream.truncate(0)
    json.dump(asdict(driver), stream)
    stream.flush()
    return stream


def locked(stream: TextIO) -> bool:
    """Try more than once: who only looks holds the lock, too, for a moment.

    Raises:
        OSError: There are no locks on its disk; it is closed.
    """
    for _ in range(_ATTEMPTS):
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(_LOOK_SECONDS / _ATTEMPTS)
        except OSError:
            stream.close()
            raise
        else:
            return True
    return False


def at_work(state: Path) -> Driver | None:
    """Return the driver that holds a state folder, None if there is none."""
    try:
        with (state / _LOCK).open(encoding="utf-8") as stream:
            try:
                fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return _read(stream)
    except OSError:  # nothing was ever run here
        return None
    return None


def find(state: Path, study: str | None = None) -> Driver:
    """Return the driver that holds a state folder.

    Raises:
        ValueError: There is none, or it runs another study than the one asked for.
    """
    driver = at_work(state)
    if driver is None:
        printed = state / OUTPUT
        last = f"; what was printed in the background last is in {printed}"
        raise ValueError(f"nothing runs on {state}{last if printed.exists() else ''}")
    if study not in (None, driver.study):
        raise ValueError(f"study {study} does not run on {state}: {driver} does")
    return driver


def wait_for_end(state: Path, driver: Driver, seconds: float) -> bool:
    """Wait until a driver has given a state folder free; whether it has."""
    end = time.monotonic() + seconds
    while at_work(state) == driver:
        if time.monotonic() > end:
            return False
        time.sleep(_LOOK_SECONDS)
    return True


def _printed_into() -> str:
    try:
        if stat.S_ISREG(os.fstat(1).st_mode):
            return str(Path("/proc/self/fd/1").readlink())
    except OSError:  # no standard output, or another system
        pass
    return ""


def _read(stream: TextIO) -> Driver:
    stream.seek(0)
    try:
        return Driver(**json.load(stream))
    except (ValueError, TypeError):  # it is about to write it, or is of another version
        return Driver(0, "unknown")

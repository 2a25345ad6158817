"""Drivers that are started, and what is killed of them: processes of a tree that is our own."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "sweeps" / "ablation.py"
PATIENCE = 120.0
"""Seconds that a driver has to end after its Ray session was killed, and to show a sign of life."""


def start(folder: Path, *options: str, **environment: str) -> subprocess.Popen[bytes]:
    """Start the driver of a folder's study."""
    with (folder / "output").open("ab") as output:
        return subprocess.Popen(
            [sys.executable, str(SCRIPT), "--study", "certified.py", "--max-concurrent", "2",
             *options],
            cwd=folder, stdout=output, stderr=output,
            env=os.environ | {"COLUMNS": "120"} | environment,
        )  # fmt: skip


def workers(driver: int) -> list[int]:
    """Return the processes of a driver's session that hold a trial."""
    return [child for child in descendants(driver) if _title(child).startswith("ray::Res")]


def kill(driver: subprocess.Popen[bytes], target: str) -> bool:
    """Kill the driver, one of its workers, or all of Ray below it; whether there was one."""
    if driver.poll() is not None:
        return False
    match target:
        case "driver":
            driver.kill()
            driver.wait()
        case "worker":
            return _killed(workers(driver.pid)[:1])
        case "session":
            there = _killed(descendants(driver.pid))
            driver.wait(PATIENCE)
            return there
        case _:
            raise AssertionError(target)
    return True


def descendants(process: int) -> list[int]:
    """Return the processes below one, those nearest first."""
    parents = {int(path.name): _parent(path) for path in Path("/proc").glob("[0-9]*")}
    found = [process]
    for above in found:
        found += [child for child, parent in parents.items() if parent == above]
    return found[1:]


def wait_for_lines(driver: subprocess.Popen[bytes], journal: Path, number: int) -> None:
    """Wait until a journal is so long, or its driver has ended."""
    grew, seen = time.monotonic(), -1
    while driver.poll() is None:
        lines = count_lines(journal)
        if lines >= number:
            return
        if lines > seen:
            grew, seen = time.monotonic(), lines
        assert time.monotonic() - grew < PATIENCE, "the driver has come to a standstill"
        time.sleep(0.02)


def count_lines(file: Path) -> int:
    """Return the lines of a file, 0 when there is none."""
    return file.read_bytes().count(b"\n") if file.exists() else 0


def _killed(processes: list[int]) -> bool:
    for process in processes:
        try:
            os.kill(process, signal.SIGKILL)
        except ProcessLookupError:  # ended by itself, or with the one before it
            continue
    return bool(processes)


def _title(process: int) -> str:
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes().decode(errors="replace")
    except OSError:
        return ""


def _parent(folder: Path) -> int:
    try:
        return int((folder / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0

"""Foreign CPU load: what else keeps this machine's cores busy while something is measured.

Read from Linux's /proc; on other systems the load is unknown.
"""

import os
import threading
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Self

PROC = Path("/proc")
_BUSY = (0, 1, 2, 5, 6, 7)  # user, nice, system, irq, softirq, steal: proc_stat(5)
_IDLE_SHARE = 0.2  # of one core: Ray's daemons use some of it while they wait
_POLL = 0.1  # seconds
_WATCH = 0.5


@dataclass(frozen=True)
class CpuTimes:
    """CPU seconds spent so far, at a moment ``wall``: by the whole machine, and by ourselves.

    The machine's contain what a hypervisor withheld from it; ours contain all processes that we
    started, those that have ended too.
    """

    wall: float
    machine: float
    own: float


def cpu_times(proc: Path = PROC) -> CpuTimes | None:
    """Return the CPU time of the machine and of our process tree, None where /proc is absent."""
    try:
        fields = (proc / "stat").read_text().split("\n", 1)[0].split()[1:]
    except OSError:
        return None
    tick = os.sysconf("SC_CLK_TCK")
    own = sum(process.own + process.ended for process in _tree(proc, os.getpid()))
    busy = sum(int(fields[column]) for column in _BUSY)
    return CpuTimes(time.perf_counter(), busy / tick, own / tick)


def foreign_cores(before: CpuTimes, after: CpuTimes, watched: float = 0.0) -> float:
    """Return how many cores others kept busy between two moments.

    ``watched`` are the CPU seconds that a `Watch` saw us spend; what is larger counts.
    """
    own = max(after.own - before.own, watched)
    foreign = (after.machine - before.machine) - own
    return max(0.0, foreign / (after.wall - before.wall))


def wait_until_idle(limit: float = 3.0) -> None:
    """Wait until our own processes rest, for at most ``limit`` seconds.

    What one arm leaves running, such as workers that load ahead, shall not burden the next one.
    """
    end = time.perf_counter() + limit
    before = cpu_times()
    while before is not None and before.wall < end:
        time.sleep(_POLL)
        after = cpu_times()
        if after is None or after.own - before.own < _IDLE_SHARE * (after.wall - before.wall):
            return
        before = after


def wait_until_calm(cores: float, limit: float = 10.0) -> None:
    """Wait until others keep fewer than ``cores`` busy, for at most ``limit`` seconds."""
    end = time.perf_counter() + limit
    before = cpu_times()
    while before is not None and before.wall < end:
        time.sleep(5 * _POLL)
        after = cpu_times()
        if after is None or foreign_cores(before, after) < cores:
            return
        before = after


def megabytes(root: int, proc: Path = PROC) -> float:
    """Return what a process and its descendants hold: of memory that several share, each a part."""
    held = 0
    for process in _tree(proc, root):
        try:
            told = (proc / str(process.key[0]) / "smaps_rollup").read_text()
        except OSError:  # ended meanwhile
            continue
        held += sum(int(line.split()[1]) for line in told.splitlines() if line.startswith("Pss:"))
    return held / 1024


_Key = tuple[int, int]


class Watch:
    """What our processes spend inside a block, those too that nobody waits for when they end.

    Ray's workers are such: their time reaches no parent's account, and would count as foreign.
    """

    def __init__(self, proc: Path = PROC) -> None:
        self._proc = proc
        self._first: dict[_Key, int] = {}
        self._last: dict[_Key, int] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)

    @property
    def seconds(self) -> float:
        """CPU seconds of every process that was seen, up to when it was last seen."""
        ticks = sum(last - self._first.get(key, 0) for key, last in self._last.items())
        return ticks / os.sysconf("SC_CLK_TCK")

    def __enter__(self) -> Self:
        self._see()
        self._first = dict(self._last)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self._see()

    def _work(self) -> None:
        while not self._over.wait(_WATCH):
            self._see()

    def _see(self) -> None:
        for process in _tree(self._proc, os.getpid()):
            self._last[process.key] = process.own


class _Process(NamedTuple):
    key: _Key
    """Its number and when it began: numbers are used again."""
    own: int
    """Ticks."""
    ended: int
    """Ticks of its children that have ended and were waited for."""


def _tree(proc: Path, root: int) -> list[_Process]:
    """Return a process and all its descendants that live."""
    children: defaultdict[int, list[_Process]] = defaultdict(list)
    found = []
    for folder in proc.glob("[0-9]*"):
        try:
            # the name in brackets may hold anything, brackets too
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:  # ended meanwhile
            continue
        parent, user, system, ended_user, ended_system, began = (
            int(fields[column]) for column in (1, 11, 12, 13, 14, 19)
        )
        key = (int(folder.name), began)
        process = _Process(key, user + system, ended_user + ended_system)
        children[parent].append(process)
        if key[0] == root:
            found.append(process)
    for process in found:  # grows
        found += children[process.key[0]]
    return found

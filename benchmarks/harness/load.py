"""Foreign CPU load: what else keeps this machine's cores busy while something is measured.

Read from Linux's /proc; on other systems the load is unknown.
"""

import os
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
_BUSY = (0, 1, 2, 5, 6, 7)  # user, nice, system, irq, softirq, steal: proc_stat(5)
_IDLE_SHARE = 0.2  # of one core: Ray's daemons use some of it while they wait
_POLL = 0.1  # seconds


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
    busy = sum(int(fields[column]) for column in _BUSY)
    return CpuTimes(time.perf_counter(), busy / tick, _tree_ticks(proc, os.getpid()) / tick)


def foreign_cores(before: CpuTimes, after: CpuTimes) -> float:
    """Return how many cores others kept busy between two moments."""
    foreign = (after.machine - before.machine) - (after.own - before.own)
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


def _tree_ticks(proc: Path, root: int) -> int:
    """Return the ticks of a process and all its descendants, ended ones included."""
    ticks: dict[int, int] = {}
    children: defaultdict[int, list[int]] = defaultdict(list)
    for folder in proc.glob("[0-9]*"):
        try:
            # the name in brackets may hold anything, brackets too
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:  # ended meanwhile
            continue
        pid = int(folder.name)
        children[int(fields[1])].append(pid)
        ticks[pid] = sum(int(field) for field in fields[11:15])  # own, and of ended children
    found, waiting = 0, [root]
    while waiting:
        pid = waiting.pop()
        found += ticks.get(pid, 0)
        waiting += children[pid]
    return found

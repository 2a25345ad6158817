"""Workers that are lost: told apart by cause, and what becomes of their trials.

A trial goes on from its checkpoint, with another worker. When that did not help several times in a
row, with no epoch recorded in between, it is given up. What is no fault of its own never counts.
"""

import re
from collections import Counter
from dataclasses import dataclass

from ray.exceptions import OutOfMemoryError, RayActorError

CHANCES = 3
"""How often a trial goes on after a lost worker, with no epoch in between."""

_NODE = "its node has died"
_ASSERTION = "device-side assert"
"""What CUDA says of an index out of range, or a label."""
_KILLED = re.compile(r"Selected to kill: \(Actor\((\w+)\).*?memory used=([\d.]+)GB")
_IN_USE = re.compile(r"was ([\d.]+)GB used / ([\d.]+)GB limit")


class TimedOut(Exception):
    """A trial has taken longer than it may."""


class MemoryKill(RayActorError):
    """Ray's memory monitor has killed a worker that trained, and perhaps others with it."""


@dataclass(frozen=True)
class Fault:
    """Why a trial has no worker any more."""

    cause: str
    """In words that follow a number of lost workers."""
    reason: str
    status: str = "interrupted"
    """How the trial ends if it is given up."""
    chances: int = CHANCES
    counts: bool = True
    """Whether it may be the trial's own fault."""


def fault_of(error: Exception) -> Fault:
    """Return what is behind an error with which Ray Tune ends a trial."""
    reason = str(error).strip() or "its worker died"
    match error:
        case TimedOut():
            return Fault("out of time", reason, "timed_out", chances=0)
        case MemoryKill():
            return _memory(error.actor_id or "", reason)
        case OutOfMemoryError():  # of a worker that was starting: not its trial's fault
            return Fault("killed for memory", _short_of_memory(reason, ""))
        case RayActorError(preempted=True):
            return Fault("preempted", reason, counts=False)
        case RayActorError() if _NODE in reason:
            return Fault("with their node", reason)
    if _ASSERTION in reason:  # of the trial's code, after which the worker's GPU is lost to it
        return Fault("died", reason, "failed", chances=0)
    return Fault("died", reason)


def _memory(worker: str, report: str) -> Fault:
    """Blame the largest of the workers that were killed together."""
    killed = {actor: float(size) for actor, size in _KILLED.findall(report)}
    size = killed.get(worker)
    if size is None:
        return Fault("killed for memory", _short_of_memory(report, ""), "out_of_memory")
    reason = _short_of_memory(report, f", which held {size:g} GB")
    largest = size == max(killed.values())
    return Fault("killed for memory", reason, "out_of_memory", counts=largest)


def _short_of_memory(report: str, size: str) -> str:
    reason, in_use = f"Ray's memory monitor killed its worker{size}", _IN_USE.search(report)
    if in_use:
        reason += f", when {in_use[1]} of the node's {in_use[2]} GB were in use"
    return reason


class Faults:
    """Those of one phase."""

    def __init__(self) -> None:
        self._survived: Counter[str] = Counter()
        self._in_a_row: dict[tuple[str, str], tuple[int, int]] = {}

    def survives(self, trial: str, epochs: int, fault: Fault) -> bool:
        """Return whether a trial, of which so many epochs are recorded, gets another worker."""
        if fault.counts:
            kind = trial, fault.status
            before, losses = self._in_a_row.get(kind, (epochs, 0))
            losses = losses + 1 if epochs == before else 1
            self._in_a_row[kind] = epochs, losses
            if losses > fault.chances:
                return False
        self._survived[fault.cause] += 1
        return True

    def told(self) -> str:
        """Return a sentence on what was survived; empty if nothing befell."""
        if not self._survived:
            return ""
        causes = ", ".join(f"{number} {cause}" for cause, number in self._survived.items())
        return f"Workers lost: {causes}. Their trials went on from their checkpoints."

"""What the oldest GPU can do."""

from collections.abc import Iterable

from cifar_models.numerics import AMPERE, Capability
from sweeps.execution.nvidia_smi import ask, ask_nodes, nodes_with_gpus

_FIELD = "compute_cap"


def oldest_here() -> Capability:
    """Return the smallest capability of this machine's GPUs; Ampere's where nobody can tell."""
    return _oldest(ask(_FIELD))


def oldest_of_cluster() -> Capability:
    """Return the smallest capability of all nodes' GPUs."""
    answers = ask_nodes(nodes_with_gpus(), _FIELD).values()
    return min(map(_oldest, answers), default=AMPERE)


def _oldest(lines: Iterable[str]) -> Capability:
    try:
        return min((_parsed(line) for line in lines), default=AMPERE)
    except ValueError:  # not known to the tool
        return AMPERE


def _parsed(line: str) -> Capability:
    major, minor = line.split(".")
    return int(major), int(minor)

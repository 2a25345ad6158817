"""What the oldest GPU can do."""

from collections.abc import Iterable

from cifar_models.numerics import AMPERE, Capability
from sweeps.execution.nvidia_smi import ask, ask_nodes, nodes_with_gpus

_FIELD = "compute_cap"
_SECONDS = 120.0  # a node that has just joined gets this source first


def oldest_here() -> Capability:
    """Return the smallest capability of this machine's GPUs; Ampere's where nobody can tell.

    Raises:
        ValueError: The tool that tells does not answer.
    """
    return _oldest(ask(_FIELD))


def oldest_of_cluster() -> Capability:
    """Return the smallest capability of all nodes' GPUs.

    Raises:
        ValueError: A node does not answer: a guess would give its trials another identity.
    """
    nodes = nodes_with_gpus()
    answers = ask_nodes(nodes, _FIELD, _SECONDS)
    living = nodes_with_gpus()
    silent = sorted(nodes[node] for node in nodes if node in living and node not in answers)
    if silent:
        raise ValueError(
            f"no answer from {', '.join(silent)} to what GPUs there can do, which decides on the "
            "precision; see that nvidia-smi answers there, and run the same command again"
        )
    return min(map(_oldest, answers.values()), default=AMPERE)


def _oldest(lines: Iterable[str]) -> Capability:
    try:
        return min((_parsed(line) for line in lines), default=AMPERE)
    except ValueError:  # not known to the tool
        return AMPERE


def _parsed(line: str) -> Capability:
    major, minor = line.split(".")
    return int(major), int(minor)

"""In which precision all devices train fastest: that of trials whose recipe names none."""

from collections.abc import Callable, Iterable
from functools import partial

from cifar_models.numerics import AMPERE, Capability, Device, Precision, native, of_a_gpu
from cifar_models.processor import has_amx_bf16
from sweeps.execution.nodes import Answer, ask_nodes, nodes_with
from sweeps.execution.nvidia_smi import ask

_ask_gpus = partial(ask, "compute_cap")
_SECONDS = 120.0  # a node that has just joined gets this source first


def common_here(device: Device) -> Precision:
    """Return the precision of this machine's devices; of GPUs the oldest decides.

    Ampere's where nobody can tell.

    Raises:
        ValueError: The tool that tells does not answer.
    """
    return of_a_gpu(_oldest(_ask_gpus())) if device == "cuda" else native(device)


def common_of_cluster(device: Device) -> Precision:
    """Return the precision that the devices of all nodes have in common.

    Raises:
        ValueError: A node does not answer: a guess would give its trials another identity.
    """
    if device == "cuda":
        lines = _ask_all("GPU", _ask_gpus)
        return of_a_gpu(min(map(_oldest, lines)))
    return "bf16" if all(_ask_all("CPU", has_amx_bf16)) else "fp32"


def _ask_all(kind: str, look: Callable[[], Answer]) -> Iterable[Answer]:
    nodes = nodes_with(kind)
    answers = ask_nodes(nodes, look, _SECONDS)
    living = nodes_with(kind)
    silent = sorted(nodes[node] for node in nodes if node in living and node not in answers)
    if silent:
        raise ValueError(
            f"no answer from {', '.join(silent)} to what its {kind} can do, which decides on the "
            f"precision; see that {'nvidia-smi answers' if kind == 'GPU' else 'it answers'} there, "
            "and run the same command again, or give the recipe a precision"
        )
    if not answers:
        raise ValueError(f"no machine with a {kind} is left in the cluster; run the command again")
    return answers.values()


def _oldest(lines: Iterable[str]) -> Capability:
    try:
        return min((_parsed(line) for line in lines), default=AMPERE)
    except ValueError:  # not known to the tool
        return AMPERE


def _parsed(line: str) -> Capability:
    major, minor = line.split(".")
    return int(major), int(minor)

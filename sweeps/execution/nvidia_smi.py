"""What NVIDIA's own tool says of GPUs, here and on nodes: torch would claim GPU memory to tell."""

import os
import subprocess
from collections.abc import Iterable

import ray
from ray.exceptions import RayError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

_SECONDS = 30


def ask(fields: str) -> list[str]:
    """Return a line for each GPU of this machine; none where there is no such tool, as with AMD's.

    Only those of CUDA_VISIBLE_DEVICES count, where it names any: Ray hides all from a task that
    asked for none.

    Args:
        fields: As its ``--query-gpu`` names them.
    """
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    command = ["nvidia-smi", f"--query-gpu={fields}", "--format=csv,noheader,nounits"]
    command += [f"--id={visible}"] if visible else []
    try:
        answer = subprocess.run(
            command, capture_output=True, text=True, check=True, timeout=_SECONDS
        )
    except (OSError, subprocess.SubprocessError):
        return []
    return answer.stdout.splitlines()


def nodes_with_gpus() -> list[str]:
    """Return the ids of the nodes that live and have GPUs."""
    nodes = ray.nodes()  # type: ignore[no-untyped-call]
    return [node["NodeID"] for node in nodes if node["Alive"] and "GPU" in node["Resources"]]


def ask_nodes(nodes: Iterable[str], fields: str) -> dict[str, list[str]]:
    """Return the lines of each node; none of one that does not answer."""
    asked = {
        ray.remote(num_cpus=0)(ask)
        .options(scheduling_strategy=NodeAffinitySchedulingStrategy(node_id=node, soft=False))
        .remote(fields): node
        for node in nodes
    }
    return {node: _answer(reference) for reference, node in asked.items()}


def _answer(reference: "ray.ObjectRef[list[str]]") -> list[str]:
    try:
        return ray.get(reference, timeout=2 * _SECONDS)
    except RayError:  # the node has gone, or is too slow
        return []

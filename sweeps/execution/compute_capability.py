"""What the oldest GPU can do, as NVIDIA's own tool says: torch would claim GPU memory to tell."""

import os
import subprocess

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from cifar_models.numerics import AMPERE, Capability

_COMMAND = ("nvidia-smi", "--query-gpu=compute_cap", "--format=csv,noheader")


def oldest_here() -> Capability:
    """Return the smallest capability of this machine's GPUs; Ampere's where nobody can tell.

    Only those of CUDA_VISIBLE_DEVICES count, where it names any: Ray hides all from a task that
    asked for none.
    """
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    command = [*_COMMAND, *([f"--id={visible}"] if visible else [])]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30)
        lines = answer.stdout.split()
        return min((_parsed(line) for line in lines), default=AMPERE)
    except (OSError, subprocess.SubprocessError, ValueError):  # no such tool, as with AMD's GPUs
        return AMPERE


def oldest_of_cluster() -> Capability:
    """Return the smallest capability of all nodes' GPUs."""
    nodes = ray.nodes()  # type: ignore[no-untyped-call]
    asked = [
        _asked(node["NodeID"]) for node in nodes if node["Alive"] and "GPU" in node["Resources"]
    ]
    return min(ray.get(asked), default=AMPERE)


def _asked(node: str) -> "ray.ObjectRef[Capability]":
    where = NodeAffinitySchedulingStrategy(node_id=node, soft=False)
    return ray.remote(num_cpus=0)(oldest_here).options(scheduling_strategy=where).remote()


def _parsed(line: str) -> Capability:
    major, minor = line.split(".")
    return int(major), int(minor)

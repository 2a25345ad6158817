"""What NVIDIA's own tool says of GPUs, here and on nodes: torch would claim GPU memory to tell."""

import contextlib
import os
import subprocess
from collections.abc import Iterable

import ray
from ray.exceptions import RayError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

_SECONDS = 30


def ask(fields: str) -> list[str]:
    """Return a line for each GPU of this machine; none where there is no such tool, as with AMD's.

    Only those of CUDA_VISIBLE_DEVICES count, where it names any: in a task that asked for no GPU
    it is what the node was started with. The tool's numbers are CUDA's, as `sweeps` sets its order.

    Args:
        fields: As its ``--query-gpu`` names them.

    Raises:
        ValueError: It is there and does not answer.
    """
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    command = ["nvidia-smi", f"--query-gpu={fields}", "--format=csv,noheader,nounits"]
    command += [f"--id={visible}"] if visible else []
    try:
        answer = subprocess.run(
            command, capture_output=True, text=True, check=True, timeout=_SECONDS
        )
    except subprocess.TimeoutExpired:
        raise ValueError(
            f"nvidia-smi does not answer within {_SECONDS} s on this machine; when it does, run "
            "the same command again"
        ) from None
    except (OSError, subprocess.SubprocessError):
        return []
    return answer.stdout.splitlines()


def nodes_with_gpus() -> dict[str, str]:
    """Return the addresses of the nodes that live and have GPUs, by their ids."""
    nodes = ray.nodes()  # type: ignore[no-untyped-call]
    return {
        node["NodeID"]: node["NodeManagerAddress"]
        for node in nodes
        if node["Alive"] and "GPU" in node["Resources"]
    }


def ask_nodes(nodes: Iterable[str], fields: str, seconds: float) -> dict[str, list[str]]:
    """Return the lines of each node that answers in time.

    Args:
        nodes: Their ids.
        fields: As for `ask`.
        seconds: That all of them have together.
    """
    asked = {
        ray.remote(num_cpus=0)(ask)
        .options(scheduling_strategy=NodeAffinitySchedulingStrategy(node_id=node, soft=False))
        .remote(fields): node
        for node in nodes
    }
    if not asked:
        return {}
    come, _ = ray.wait(list(asked), num_returns=len(asked), timeout=seconds)
    answers: dict[str, list[str]] = {}
    for reference in come:
        with contextlib.suppress(RayError):  # the node has gone, or its tool does not answer
            answers[asked[reference]] = ray.get(reference)
    return answers

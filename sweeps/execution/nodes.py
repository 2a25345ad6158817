"""The nodes of a cluster, and what each answers when it is asked."""

import contextlib
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import ray
from ray.exceptions import RayError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

Answer = TypeVar("Answer")


def nodes_with(kind: str) -> dict[str, str]:
    """Return the addresses of the nodes that live and have ``GPU`` or ``CPU``, by their ids."""
    nodes = ray.nodes()  # type: ignore[no-untyped-call]
    return {
        node["NodeID"]: node["NodeManagerAddress"]
        for node in nodes
        if node["Alive"] and kind in node["Resources"]
    }


def ask_nodes(
    nodes: Iterable[str], look: Callable[[], Answer], seconds: float
) -> dict[str, Answer]:
    """Return what each node finds that answers in time.

    Args:
        nodes: Their ids.
        look: What each is asked.
        seconds: That all of them have together.
    """
    task = ray.remote(num_cpus=0)(_answer)
    asked: dict[ray.ObjectRef[Answer], str] = {}
    for node in nodes:
        there = NodeAffinitySchedulingStrategy(node_id=node, soft=False)
        asked[task.options(scheduling_strategy=there).remote(look)] = node
    if not asked:
        return {}
    come, _ = ray.wait(list(asked), num_returns=len(asked), timeout=seconds)
    answers: dict[str, Answer] = {}
    for reference in come:
        with contextlib.suppress(RayError):  # the node has gone, or its tool does not answer
            answers[asked[reference]] = ray.get(reference)
    return answers


def _answer(look: Any) -> Any:
    return look()

"""Asking the nodes of a Ray cluster, each by a task that is pinned to it."""

from typing import Any

import ray
from ray.exceptions import GetTimeoutError, RayError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from sweeps.cluster.connection import UNANSWERED, Refused, Silent, probe_text

PATIENCE = 60.0
"""Seconds that a node may take to answer: it starts a worker for it."""


def nodes() -> list[dict[str, Any]]:
    """Return the nodes that live."""
    known = ray.nodes()  # type: ignore[no-untyped-call]
    return [node for node in known if node["Alive"]]


class Node:
    """One node that answers the questions of `sweeps.cluster.probe`."""

    def __init__(self, node: dict[str, Any]) -> None:
        where = NodeAffinitySchedulingStrategy(node_id=node["NodeID"], soft=False)
        self._task = ray.remote(num_cpus=0, max_retries=0)(_by_value()).options(
            scheduling_strategy=where
        )

    def ask(self, question: str, *arguments: Any) -> Any:
        """Return the answer."""
        try:
            reply = ray.get(self._task.remote(question, list(arguments)), timeout=PATIENCE)
        except GetTimeoutError:
            raise Silent(f"{UNANSWERED} {PATIENCE:.0f} s") from None
        except RayError as error:
            raise Silent(str(error).strip().splitlines()[-1]) from None
        if "error" in reply:
            raise Refused(reply["error"], reply["errno"])
        return reply["answer"]


def _by_value() -> Any:
    """Return the probe as a function that needs no package on the other side.

    What belongs to ``__main__`` is sent as it is; a function of ours would be imported there, where
    another package of the name may lie.
    """
    space: dict[str, Any] = {"__name__": "__main__"}
    exec(compile(probe_text(), "probe", "exec"), space)
    return space["answer"]

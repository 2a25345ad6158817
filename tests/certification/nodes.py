"""A Ray cluster of several nodes on this machine, of which nodes can be lost."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

from ray.cluster_utils import Cluster

from tests.certification import victims

DETECTION = {
    "RAY_health_check_initial_delay_ms": "0",
    "RAY_health_check_period_ms": "500",
    "RAY_health_check_failure_threshold": "4",
}
"""Ray's environment in which a dead node is noticed within seconds."""
_NOTICE = 1
"""Seconds from a preemption's announcement to it."""


class Nodes:
    """A head without CPUs, and nodes with one each."""

    def __init__(self) -> None:
        head = {"num_cpus": 0, "include_dashboard": False}
        self._cluster = Cluster(initialize_head=True, head_node_args=head)

    @property
    def address(self) -> str:
        """Where drivers find it."""
        return str(self._cluster.address)

    def add(self) -> Any:
        """Start another node."""
        return self._cluster.add_node(num_cpus=1)

    def kill(self, node: Any) -> None:
        """Kill a node with all that runs there."""
        (raylet,) = [info.process.pid for info in node.all_processes["raylet"]]
        for process in [raylet, *victims.descendants(raylet)]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)

    def preempt(self, node: Any) -> None:
        """Announce that a node will be taken away, and do so."""
        command = [sys.executable, "-m", "ray.scripts.scripts", "drain-node",
                   "--address", self.address, "--node-id", node.node_id,
                   "--reason", "DRAIN_NODE_REASON_PREEMPTION", "--reason-message", "spot",
                   "--deadline-remaining-seconds", str(_NOTICE)]  # fmt: skip
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(_NOTICE + 0.5)
        self.kill(node)

    def end(self) -> None:
        """End all of it."""
        self._cluster.shutdown()


@contextlib.contextmanager
def nodes() -> Iterator[Nodes]:
    """Let there be such a cluster."""
    before = {name: os.environ.get(name) for name in DETECTION}
    os.environ.update(DETECTION)
    there = Nodes()
    try:
        yield there
    finally:
        there.end()
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})

"""Nodes that are asked: one whose tool is stuck is late."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
import ray

from sweeps.execution.nodes import ask_nodes, nodes_with
from sweeps.execution.nvidia_smi import ask


@pytest.fixture
def stuck(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Let this machine be a node whose tool is stuck as long as a file is there; return that."""
    stuck = tmp_path / "stuck"
    tool = tmp_path / "nvidia-smi"
    tool.write_text(f"#!/bin/sh\n[ -e {stuck} ] && exec sleep 60\necho 8.6\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    ray.init(num_cpus=1, num_gpus=1, include_dashboard=False)
    yield stuck
    ray.shutdown()  # type: ignore[no-untyped-call]


@pytest.mark.slow
@pytest.mark.timeout(200)
def test_a_node_that_is_late_is_left_out_and_can_be_asked_again(stuck: Path) -> None:
    look = partial(ask, "compute_cap")
    (node,) = nodes_with("GPU")
    assert ask_nodes([node], look, 120) == {node: ["8.6"]}
    stuck.touch()
    assert ask_nodes([node, "0" * 56], look, 1) == {}, "late, and not there"
    stuck.unlink()
    assert ask_nodes([node], look, 120) == {node: ["8.6"]}

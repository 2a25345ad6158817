"""NVIDIA's tool, as a node runs it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import ray

from sweeps.execution.nvidia_smi import ask_nodes, nodes_with_gpus


@pytest.mark.parametrize(("own", "order"), [(None, "PCI_BUS_ID"), ("FASTEST_FIRST",) * 2])
def test_cuda_counts_gpus_as_the_tool_does_unless_told_otherwise(
    own: str | None, order: str
) -> None:
    code = "import os, sweeps; print(os.environ['CUDA_DEVICE_ORDER'])"
    env = {name: value for name, value in os.environ.items() if name != "CUDA_DEVICE_ORDER"}
    env |= {"CUDA_DEVICE_ORDER": own} if own else {}
    process = [sys.executable, "-c", code]
    assert subprocess.check_output(process, text=True, env=env).strip() == order


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
    (node,) = nodes_with_gpus()
    assert ask_nodes([node], "compute_cap", 120) == {node: ["8.6"]}
    stuck.touch()
    assert ask_nodes([node, "0" * 56], "compute_cap", 1) == {}, "late, and not there"
    stuck.unlink()
    assert ask_nodes([node], "compute_cap", 120) == {node: ["8.6"]}

"""NVIDIA's tool, as a node runs it."""

import os
import subprocess
import sys

import pytest


@pytest.mark.parametrize(("own", "order"), [(None, "PCI_BUS_ID"), ("FASTEST_FIRST",) * 2])
def test_cuda_counts_gpus_as_the_tool_does_unless_told_otherwise(
    own: str | None, order: str
) -> None:
    code = "import os, sweeps; print(os.environ['CUDA_DEVICE_ORDER'])"
    env = {name: value for name, value in os.environ.items() if name != "CUDA_DEVICE_ORDER"}
    env |= {"CUDA_DEVICE_ORDER": own} if own else {}
    process = [sys.executable, "-c", code]
    assert subprocess.check_output(process, text=True, env=env).strip() == order

"""`sweeps doctor --address` on a real Ray, to whose workers another driver has sent its source."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sweeps.cluster.finding import Finding

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
SHIPS = """
import sys, ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy
from sweeps.execution.ray_session import connect

connect(sys.argv[1])

@ray.remote(num_cpus=0)
def place():
    import sweeps
    return sweeps.__file__

for node in ray.nodes():
    there = NodeAffinitySchedulingStrategy(node_id=node["NodeID"], soft=False)
    print(ray.get(place.options(scheduling_strategy=there).remote()), flush=True)
print("at work", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def foreign(tmp_path: Path) -> Path:
    """A package of our name that is not ours."""
    folder = tmp_path / "foreign" / "sweeps"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text("")
    return folder


@pytest.fixture
def address(foreign: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A Ray of two nodes: one with this project, one with something else in its place."""
    from ray.cluster_utils import Cluster

    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    node: dict[str, Any] = {"num_cpus": 1, "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args=node)
    monkeypatch.setenv("PYTHONPATH", f"{foreign.parent}:{ROOT}")
    cluster.add_node(num_cpus=1)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    yield str(cluster.address)
    cluster.shutdown()


@pytest.fixture
def driver(address: str, tmp_path: Path) -> Iterator[list[str]]:
    """Another driver at work, which has sent its source; where its tasks find our package."""
    script = tmp_path / "ships.py"
    script.write_text(SHIPS)
    with subprocess.Popen(
        [sys.executable, script, address], cwd=tmp_path,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        yield list(iter(lambda: process.stdout and process.stdout.readline().strip(), "at work"))
        process.communicate("", timeout=60)


def test_what_a_driver_sends_is_not_what_is_installed(
    address: str, driver: list[str], foreign: Path, tmp_path: Path
) -> None:
    assert len(driver) == 2
    assert all("runtime_resources" in place for place in driver), "it was not sent"
    storage = tmp_path / "runs"
    said = subprocess.run(
        [sys.executable, "-m", "sweeps", "doctor", "--json", "--address", address, "--nodes", "2",
         "--storage", storage],
        cwd=tmp_path, check=False, capture_output=True, text=True, env=os.environ,
    )  # fmt: skip
    assert said.returncode == 1, said.stderr
    found = [Finding(**each) for each in json.loads(said.stdout)["findings"]]
    well, wrong = sorted((each for each in found if each.check == "package"), key=lambda f: f.state)
    assert well.said.startswith(f"{ROOT}/sweeps, source ")
    assert wrong.state == "problem"
    assert wrong.said == f"import sweeps finds {foreign}, which is not this project"
    assert {each.state for each in found if each.check in ("nodes", "storage")} == {"ok"}

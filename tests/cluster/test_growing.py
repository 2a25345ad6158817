"""A cluster that grows when a study asks for machines: the autoscaler of cluster.yaml rents them.

It only pretends to: they are processes of one host of namespaces.
"""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.hosts import Host, hosts, skip_without_hosts

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

ROOT = Path(__file__).parents[2]
HEAD_ID = 51 * "f" + 5 * "0"
"""By which the pretended machines find the head."""
PATIENCE, IDLE_MINUTES = 120.0, 0.5
CLUSTER: dict[str, Any] = {
    "cluster_name": "growing",
    "max_workers": 3,
    "idle_timeout_minutes": IDLE_MINUTES,
    "provider": {
        "type": "fake_multinode", "head_node_id": HEAD_ID, "launch_multiple": True,
        "use_node_id_as_ip": True,
        "disable_node_updaters": True, "disable_launch_config_check": True,
    },
    "available_node_types": {
        "ray.head.default": {"resources": {"CPU": 0}, "node_config": {}, "max_workers": 0},
        "worker": {"resources": {"CPU": 1}, "node_config": {}, "min_workers": 0, "max_workers": 3},
    },
    "head_node_type": "ray.head.default",
    "upscaling_speed": 1.0, "docker": {}, "auth": {}, "file_mounts": {}, "cluster_synced_files": [],
    "file_mounts_sync_continuously": False, "rsync_exclude": [], "rsync_filter": [],
} | {
    f"{of}_commands": []
    for of in ("initialization", "setup", "head_setup", "worker_setup", "head_start_ray",
               "worker_start_ray")
}  # fmt: skip
STUDY = """
from search_spaces import Study, factor
from search_spaces.bases import TINY_CNN

STUDY = Study(
    name="growing",
    question="Does the activation matter?",
    base=TINY_CNN.replace({"dataset.train_size": 400, "dataset.test_size": 100, "epochs": 2}),
    factors=(factor("activation", "model.activation", "relu", "tanh"),),
    seeds=2,
)
"""
START = (
    "export AUTOSCALER_UPDATE_INTERVAL_S=1 RAY_FAKE_CLUSTER=1 RAY_enable_autoscaler_v2=0 "
    "RAY_AUTOSCALER_UTILIZATION_SCORER=sweeps.cluster.spot.score "
    f"RAY_OVERRIDE_NODE_ID_FOR_TESTING={HEAD_ID}; "
    "ray start --head --num-cpus=0 --port=6379 --autoscaling-config=$HOME/growing.json"
)
RUN = "sweeps run --study growing.py --storage runs"
WORKERS = (
    "python -c \"import ray; ray.init('auto', log_to_driver=False, logging_level='ERROR'); "
    "print(sum(node['Alive'] and 'CPU' in node['Resources'] for node in ray.nodes()))\""
)


@pytest.fixture
def head(tmp_path: Path) -> Iterator[Host]:
    """A cluster of no machines but its head, which trains nothing."""
    skip_without_hosts()
    with hosts(1, tmp_path) as (there,):
        (there.home / ".bashrc").write_text(
            "export RAY_ADDRESS=auto RAY_USAGE_STATS_ENABLED=0 PYTHONPATH=~/cifar-sweeps\n"
            ". ~/env/bin/activate\n"
        )
        (there.home / "cifar-sweeps").symlink_to(ROOT)
        (there.home / "growing.json").write_text(json.dumps(CLUSTER))
        (there.home / "growing.py").write_text(STUDY)
        started = there.ssh(START)
        assert started.returncode == 0, started.stdout + started.stderr
        yield there


def workers(head: Host) -> int:
    said = head.ssh(WORKERS)
    assert said.returncode == 0, said.stderr
    return int(said.stdout)


def wait_until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end
        time.sleep(1)


def test_machines_come_for_a_study_and_go_after_it(head: Host) -> None:
    assert workers(head) == 0
    done = head.ssh(f"{RUN} --min-concurrent 2")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "with room for 0 of the 2 trials of --min-concurrent" in " ".join(done.stdout.split())
    assert "relu" in done.stdout
    wait_until(lambda: workers(head) == 0)


def test_who_is_killed_while_waiting_asks_for_nothing_any_more(head: Host) -> None:
    """More than can be had, so that it waits for ever."""
    quiet = "> waiting.log 2>&1 < /dev/null"
    head.ssh(f"setsid {RUN} --min-concurrent 4 {quiet} & echo $! > waiting.pid")
    wait_until(lambda: "{'CPU': 1.0} * 4" in asked(head))
    head.ssh("kill -9 -- -$(cat waiting.pid)")
    wait_until(lambda: asked(head).count("(no") == 2)


def asked(head: Host) -> str:
    """Return what the autoscaler is asked for, by request and by demand."""
    return head.ssh("ray status").stdout.rpartition("From request_resources:")[2]

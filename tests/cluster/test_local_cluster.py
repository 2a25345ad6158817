"""`ray up cluster.local.yaml` and `ray submit` on three hosts, from a user's first command on."""

import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sweeps.record.driver import OUTPUT, at_work
from sweeps.record.journal import FILE, read_events, read_records
from sweeps.record.mlflow_runs import Runs
from tests.certification.evidence import untimed
from tests.cluster.hosts import Host
from tests.cluster.local_cluster import LocalCluster

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

TRIALS = 12


def outcome(state: Path) -> dict[str, Any]:
    """Return every status, curve and test metric by trial, timings left out."""
    return {
        trial: (
            known.status,
            {epoch: untimed(result["metrics"]) for epoch, result in sorted(known.results.items())},
            known.tests,
        )
        for trial, known in read_records(state).items()
    }


def assert_as_undisturbed(cluster: LocalCluster, name: str) -> None:
    """Assert that a study's results are those of its twin, and that nothing is there twice."""
    state = cluster.head.home / name
    assert outcome(state) == outcome(cluster.head.home / "sweeps-state")
    results = Counter(
        (event["trial"], event["epoch"])
        for event in read_events(state / FILE)
        if event["event"] == "result"
    )
    assert set(results.values()) == {1}
    assert_recorded(state)


def assert_recorded(folder: Path) -> None:
    """Assert that MLflow's database there has each trial once, at its end."""
    runs = Runs(f"sqlite:///{folder / 'mlflow.db'}", reading=True).find(kind="trial")
    assert len(runs) == TRIALS
    assert {run.info.status for run in runs} == {"FINISHED"}


def wait_until(condition: Callable[[], bool], seconds: float = 300.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it takes too long"
        time.sleep(0.2)


def trains_on(host: Host, state: Path) -> bool:
    """Return whether a trial is in the middle of its epochs there."""
    return any(
        record.status == "running" and record.epochs and record.facts.get("node") == host.name
        for record in read_records(state).values()
    )


def test_trials_run_on_all_hosts_and_the_table_arrives(
    cluster: LocalCluster, undisturbed: str
) -> None:
    assert "relu (baseline)" in undisturbed
    assert "ray attach -p 5000" in undisturbed, "how MLflow is looked at from elsewhere"
    state = cluster.head.home / "sweeps-state"
    records = read_records(state)
    assert Counter(record.status for record in records.values()) == {"finished": TRIALS}
    nodes = {record.facts["node"] for record in records.values()}
    assert nodes == {host.name for host in cluster.hosts}
    fetched = cluster.folder / "fetched"
    cluster.ray("rsync-down", str(cluster.file), "sweeps-state/", f"{fetched}/")
    assert "softsign" in (fetched / "studies/shared/table.md").read_text(encoding="utf-8")
    assert "model:" in (fetched / "studies/shared/best.yaml").read_text(encoding="utf-8")
    assert (cluster.head.shared / "sweeps/checkpoints").is_dir()
    assert_recorded(cluster.head.home / "mlflow")
    curves = (cluster.head.home / "mlflow/artifacts").rglob("curves.csv")
    assert len(list(curves)) == TRIALS, "not all went through the server"


def test_hosts_that_are_lost_cost_nothing_but_time(cluster: LocalCluster, undisturbed: str) -> None:
    assert undisturbed
    state = cluster.head.home / "bereft"
    cluster.run_apart("bereft", "--detach")
    wait_until(lambda: all(trains_on(host, state) for host in cluster.workers))
    said = cluster.ray("exec", str(cluster.file), "sweeps status --state bereft")
    assert "study shared: process" in said
    cut_off, killed = cluster.workers
    cut_off.cut_off()
    killed.kill()
    assert cut_off.ssh("true").returncode, "it can still be reached"
    wait_until(lambda: at_work(state) is None)
    cut_off.heal()
    killed.boot()
    assert_as_undisturbed(cluster, "bereft")
    printed = (state / OUTPUT).read_text(encoding="utf-8")
    assert "Workers lost: " in printed, printed


def test_a_head_that_is_lost_goes_on_when_it_is_back(
    cluster: LocalCluster, undisturbed: str
) -> None:
    assert undisturbed
    state = cluster.head.home / "headless"
    cluster.run_apart("headless", "--detach")  # waits until the lost ones have joined again
    wait_until(lambda: all(trains_on(host, state) for host in cluster.hosts))
    cluster.head.kill()
    wait_until(lambda: at_work(state) is None)
    known = outcome(state)
    assert any(status != "finished" for status, *_ in known.values()), "it had ended before"
    cluster.head.boot()
    config = cluster.file.read_text(encoding="utf-8")
    cluster.file.write_text(config.replace("~/sweeps-state", "~/moved"), encoding="utf-8")
    cluster.up()
    place = cluster.ray("exec", str(cluster.file), "echo $SWEEPS_STATE")
    assert f"{cluster.head.home}/moved" in place, "what is edited must reach a head that was up"
    cluster.run_apart("headless")
    assert_as_undisturbed(cluster, "headless")

"""Is all well with the machines? Gathers what they say, and has it checked."""

import contextlib
import json
import platform
import shlex
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cifar_models.datasets.dataset import Dataset
from sweeps.cluster import probe
from sweeps.cluster.aws import look_at_aws
from sweeps.cluster.checks.cluster_file import check_file
from sweeps.cluster.checks.hardware import (
    check_clock,
    check_disks,
    check_gpus,
    check_shared_memory,
)
from sweeps.cluster.checks.reach import check_answer, check_nodes, check_number
from sweeps.cluster.checks.security import check_ports, check_token
from sweeps.cluster.checks.services import check_tracking
from sweeps.cluster.checks.software import Source, check_package, check_tools, check_versions
from sweeps.cluster.checks.storage import check_storage
from sweeps.cluster.cluster_file import ClusterFile
from sweeps.cluster.connection import (
    Here,
    Refused,
    Silent,
    facts_of,
)
from sweeps.cluster.facts import Facts
from sweeps.cluster.finding import Finding, Machine
from sweeps.cluster.patients import (
    ROOT,
    Patient,
    asked,
    trip,
    visit_by_ssh,
    visit_through_ray,
)
from sweeps.cluster.services import ask_tracking, look_at_data
from sweeps.record.places import Places

HERE = Machine(platform.node() or "here")


@dataclass(frozen=True)
class Wanted:
    """What a driver would need."""

    places: Places
    datasets: list[Dataset]
    data_dir: Path | None = None


def examine_here(wanted: Wanted) -> list[Finding]:
    """Check this machine alone."""
    storage = wanted.places.storage
    here = Patient(HERE, Here(), *asked(Here(), storage))
    return [
        *_alike(here, here.facts),
        check_token(HERE, here.facts, here.restart, own=here.facts.ray is None),
        *_body(here, storage),
        _stored(here, here, storage),
        *_services(wanted),
    ]


def examine_ray(wanted: Wanted, number: int = 1) -> list[Finding]:
    """Check every node of the Ray cluster that this process has joined, and what this one needs.

    Args:
        wanted: By a driver here.
        number: Of nodes, at least.
    """
    import ray

    from sweeps.cluster.ray_nodes import nodes

    storage, known = wanted.places.storage, nodes()
    here = Patient(HERE, Here(), *asked(Here(), storage))
    context = ray.get_runtime_context()
    own: str = ray.util.get_node_ip_address()  # type: ignore[no-untyped-call]
    start = f"ray start --address={context.gcs_address}"
    found = [check_number(HERE, number, (node["NodeManagerAddress"] for node in known), start)]
    with ThreadPoolExecutor(len(known)) as pool:
        visits = pool.map(lambda node: visit_through_ray(node, storage, own, start), known)
    for node, visit in zip(known, visits, strict=True):
        machine, patient, resources = visit.machine, visit.patient, node["Resources"]
        if patient is None:
            said = f"Ray's node does not answer: {visit.silence}"
            mend = machine.do(f"ray stop; {start}")
            found.append(Finding("nodes", machine.name, "problem", said, mend))
            continue
        found += _alike(patient, here.facts)
        found.append(check_token(machine, patient.facts, patient.restart, here.facts))
        store, gpus = resources.get("object_store_memory"), resources.get("GPU", 0.0)
        found += _body(patient, storage, store, gpus)
        found.append(_stored(patient, here, storage))
    return list(dict.fromkeys(found + _services(wanted)))


def examine_file(
    file: ClusterFile, storage: str | None, options: Sequence[str] = ()
) -> list[Finding]:
    """Check a cluster file, and the machines that it names or has rented over ssh.

    Where Ray runs on the head, its own doctor is asked too: for the nodes, MLflow and the data.

    Args:
        file: To be checked.
        storage: A folder that all machines share, or a URL.
        options: For the doctor on the head.
    """
    found = check_file(file.config, file.path)
    machines = file.machines()
    if not file.local:
        rented = look_at_aws(file)
        found += rented.findings
        machines = [file.machine(rented.head)] if rented.head else []
    if not machines:
        return found
    with contextlib.ExitStack() as stack, ThreadPoolExecutor(len(machines)) as pool:
        visits = list(pool.map(lambda each: visit_by_ssh(file, each, storage, stack), machines))
        found += [
            check_answer(v.machine, v.silence, file.key, str(file.path), inside=v.inside)
            for v in visits
        ]
        patients = [visit.patient for visit in visits if visit.patient]
        if patients:
            found += _by_ssh(file, patients, storage)
        if visits[0].patient:
            found += _of_head(visits[0].patient, machines, file, options)
    return list(dict.fromkeys(found))


# ---------------------------------------------------------------------- having it checked


def ours() -> Source:
    """Return this project as it is here."""
    return Source(str(ROOT / "sweeps"), probe.digest([ROOT / tree for tree in probe.TREES]))


def _alike(patient: Patient, driver: Facts) -> Iterator[Finding]:
    """Check what must be the same everywhere."""
    facts, machine, install = patient.facts, patient.machine, patient.install
    yield from check_versions(machine, facts, driver, install)
    if "package" not in facts.untold:
        yield check_package(machine, facts, ours(), install, installed="ray" in facts.versions)


def _body(
    patient: Patient,
    storage: str | None,
    store: float | None = None,
    declared: float | None = None,
    driver: Machine = HERE,
) -> Iterator[Finding]:
    """Check what a machine has by itself."""
    facts, machine = patient.facts, patient.machine
    for fact, why in facts.untold.items():
        yield Finding.unknown(fact, machine, f"it cannot tell: {why}")
    if "gpus" not in facts.untold:
        yield check_gpus(machine, facts, patient.restart, declared)
    yield from check_disks(machine, facts, storage, driver)
    yield check_shared_memory(machine, facts, store)
    yield check_clock(machine, patient.clock)
    if "listeners" not in facts.untold:
        yield check_ports(machine, facts)


def _stored(writer: Patient, driver: Patient, storage: str) -> Finding:
    """Check a machine's way to the storage; the driver's own is the same for all of them."""
    found = trip(writer, driver, storage)
    machine = (driver if found.of_driver else writer).machine
    return check_storage(machine, storage, found, driver.machine)


def _by_ssh(file: ClusterFile, patients: Sequence[Patient], storage: str | None) -> list[Finding]:
    """Check what the machines of a cluster file say."""
    here, head = facts_of(Here(), []), patients[0]
    found: list[Finding] = []
    for patient in patients:
        machine = patient.machine
        found.append(check_tools(machine, patient.facts))
        found += _alike(patient, head.facts)
        found.append(check_token(machine, patient.facts, file.up, here))
        found += _body(patient, storage, declared=file.gpus(), driver=head.machine)
        if storage is not None:
            found.append(_stored(patient, head, storage))
    if storage is None:
        said = "give --storage, the folder that all machines share, to have it tried"
        found.append(Finding.unknown("storage", head.machine, said))
    return found


def _services(wanted: Wanted) -> list[Finding]:
    tracking = check_tracking(HERE, ask_tracking(wanted.places))
    return [tracking, *look_at_data(HERE, wanted.datasets, wanted.data_dir)]


def _of_head(
    head: Patient, machines: list[Machine], file: ClusterFile, options: Sequence[str]
) -> list[Finding]:
    """Return what the head's Ray and its own doctor say: they see what ssh does not."""
    machine = head.machine
    if head.facts.ray is None or not head.facts.ray.head:
        said = "Ray does not run on the head yet: its nodes, MLflow and the data are not looked at"
        return [Finding.unknown("nodes", machine, said, file.up)]
    words = ["doctor", "--address", "auto", "--json", *options]
    try:
        joined: list[str] = head.connection.ask("joined")
        told: dict[str, Any] = json.loads(head.connection.ask("sweeps", words))
        inside = [Finding(**each) for each in told["findings"]]
    except (Refused, Silent, ValueError, KeyError, TypeError) as error:
        said = f"the doctor on the head does not answer: {error}"
        mend = machine.do(f"sweeps {shlex.join(words)}")
        return [Finding("nodes", machine.name, "problem", said, mend)]
    return check_nodes(machine, machines, joined, file.up) + [
        replace(each, where=machine.name if each.where == head.facts.host else each.where,
                mend=each.mend and machine.do(each.mend))
        for each in inside
        if each.state == "problem" or each.check in ("tracking", "data")
    ]  # fmt: skip

"""Is all well with the machines? Gathers what they say, and has it checked."""

import contextlib
import json
import platform
import shlex
import uuid
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
from sweeps.cluster.checks.storage import Trip, check_storage
from sweeps.cluster.cluster_file import ClusterFile
from sweeps.cluster.connection import (
    Connection,
    Here,
    Piped,
    Refused,
    Silent,
    clock_of,
    facts_of,
    python_there,
)
from sweeps.cluster.facts import Clock, Facts
from sweeps.cluster.finding import Finding, Machine
from sweeps.cluster.services import ask_tracking, look_at_data
from sweeps.record.places import Places

HERE = Machine(platform.node() or "here")
_ROOT = Path(probe.__file__).parents[2]


@dataclass(frozen=True)
class Patient:
    """A machine that was asked."""

    machine: Machine
    connection: Connection
    facts: Facts
    clock: Clock
    install: str = f"pip install -e {shlex.quote(str(_ROOT))}"
    """The command that installs this project there, in this state."""
    restart: str = "ray stop"
    """The command that starts its Ray anew; of this machine's own the next study starts one."""


@dataclass(frozen=True)
class Wanted:
    """What a driver would need."""

    places: Places
    datasets: list[Dataset]
    data_dir: Path | None = None


def examine_here(wanted: Wanted) -> list[Finding]:
    """Check this machine alone."""
    storage = wanted.places.storage
    here = Patient(HERE, Here(), *_asked(Here(), storage))
    return [
        *_alike(here, here.facts),
        check_token(HERE, here.facts, here.restart, own=here.facts.ray is None),
        *_body(here, storage),
        check_storage(HERE, storage, trip(here, here, storage)),
        *_services(wanted),
    ]


def examine_ray(wanted: Wanted, number: int = 1) -> list[Finding]:
    """Check every node of the Ray cluster that this process has joined, and what this one needs.

    Args:
        wanted: By a driver here.
        number: Of nodes, at least.
    """
    import ray

    from sweeps.cluster.ray_nodes import Node, nodes

    storage, known = wanted.places.storage, nodes()
    here = Patient(HERE, Here(), *_asked(Here(), storage))
    context = ray.get_runtime_context()
    own: str = ray.util.get_node_ip_address()  # type: ignore[no-untyped-call]
    start = f"ray start --address={context.gcs_address}"
    found = [check_number(HERE, number, (node["NodeManagerAddress"] for node in known), start)]
    for node in known:
        address, resources = node["NodeManagerAddress"], node["Resources"]
        machine = Machine(address, "" if address == own else f"ssh {address}")
        restart = machine.do(f"ray stop; {start}")
        try:
            asked = _asked(Node(node), storage)
        except Silent as silence:
            said = f"Ray's node does not answer: {silence}"
            found.append(Finding("nodes", address, "problem", said, restart))
            continue
        patient = Patient(machine, Node(node), *asked, _brought(machine, asked[0]), restart)
        found += _alike(patient, here.facts)
        found.append(check_token(machine, patient.facts, restart, here.facts))
        store, gpus = resources.get("object_store_memory"), resources.get("GPU", 0.0)
        found += _body(patient, storage, store, gpus)
        found.append(check_storage(machine, storage, trip(patient, here, storage)))
    return found + _services(wanted)


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
    with contextlib.ExitStack() as stack:
        patients = []
        for machine, answer in zip(
            machines, _over_ssh(file, machines, storage, stack), strict=True
        ):
            silence = answer if isinstance(answer, str) else ""
            found.append(check_answer(machine, silence, file.key, str(file.path)))
            patients += [] if isinstance(answer, str) else [answer]
        if patients:
            found += _by_ssh(file, patients, storage)
        if patients and patients[0].machine == machines[0]:
            found += _of_head(patients[0], machines, file, options)
    return list(dict.fromkeys(found))


def ours() -> Source:
    """Return this project as it is here."""
    return Source(str(_ROOT / "sweeps"), probe.digest(_ROOT))


# ---------------------------------------------------------------------- asking


def _over_ssh(
    file: ClusterFile,
    machines: Sequence[Machine],
    storage: str | None,
    stack: contextlib.ExitStack,
) -> list[Patient | str]:
    """Return the machines that were asked, all at the same time, or their last words."""

    def ask(machine: Machine) -> Patient | str:
        try:
            piped = Piped(python_there(file.login(machine.name)))
            stack.callback(piped.close)
            return Patient(machine, piped, *_asked(piped, storage), file.up, file.up)
        except Silent as silence:
            return str(silence)

    with ThreadPoolExecutor(len(machines)) as pool:
        return list(pool.map(ask, machines))


def _asked(connection: Connection, storage: str | None) -> tuple[Facts, Clock]:
    places = [] if storage is None or "://" in storage else [storage]
    return facts_of(connection, places), clock_of(connection)


def _brought(machine: Machine, facts: Facts) -> str:
    """Return what brings this project to a node that Ray alone knows of."""
    if not machine.login:
        return Patient.install
    bring = f"rsync -a --exclude __pycache__ --exclude .git {_ROOT}/ {machine.name}:cifar-sweeps/"
    return f"{bring} && {machine.do(f'{facts.executable} -m pip install -e ~/cifar-sweeps')}"


def trip(writer: Patient, reader: Patient, storage: str) -> Trip:
    """Let a machine write a mark into the storage, and the driver read it."""
    name = f".doctor-{uuid.uuid4().hex}"
    mark = f"{reader.connection.ask('folder', storage).rstrip('/')}/{name}"
    try:
        writer.connection.ask("write", mark, name)
    except Refused as error:
        return Trip(str(error), error.error)
    try:
        arrived = bool(reader.connection.ask("read", mark) == name)
    except Refused:
        arrived = False
    with contextlib.suppress(Refused):
        writer.connection.ask("remove", mark)
    return Trip(arrived=arrived)


# ---------------------------------------------------------------------- having it checked


def _alike(patient: Patient, driver: Facts) -> Iterator[Finding]:
    """Check what must be the same everywhere."""
    facts, machine, install = patient.facts, patient.machine, patient.install
    yield from check_versions(machine, facts, driver, install)
    yield check_package(machine, facts, ours(), install, installed="ray" in facts.versions)


def _body(
    patient: Patient, storage: str | None, store: float | None = None, declared: float | None = None
) -> Iterator[Finding]:
    """Check what a machine has by itself."""
    facts, machine = patient.facts, patient.machine
    yield check_gpus(machine, facts, patient.restart, declared)
    yield from check_disks(machine, facts, storage)
    yield check_shared_memory(machine, facts, store)
    yield check_clock(machine, patient.clock)
    yield check_ports(machine, facts)


def _by_ssh(file: ClusterFile, patients: Sequence[Patient], storage: str | None) -> list[Finding]:
    """Check what the machines of a cluster file say."""
    here, head = facts_of(Here(), []), patients[0]
    found: list[Finding] = []
    for patient in patients:
        machine = patient.machine
        found.append(check_tools(machine, patient.facts))
        found += _alike(patient, head.facts)
        found.append(check_token(machine, patient.facts, file.up, here))
        found += _body(patient, storage, declared=file.gpus())
        if storage is not None:
            found.append(check_storage(machine, storage, trip(patient, head, storage)))
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
        mend = machine.do(f"bash -lic 'sweeps {shlex.join(words)}'")
        return [Finding("nodes", machine.name, "problem", said, mend)]
    return check_nodes(machine, machines, joined, file.up) + [
        replace(each, where=machine.name if each.where == head.facts.host else each.where,
                mend=each.mend and machine.do(each.mend))
        for each in inside
        if each.state == "problem" or each.check in ("tracking", "data")
    ]  # fmt: skip

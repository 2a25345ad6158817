"""Machines that are asked, and what becomes of what they write."""

import contextlib
import shlex
import uuid
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sweeps.cluster import probe
from sweeps.cluster.checks.storage import Trip
from sweeps.cluster.cluster_file import ClusterFile
from sweeps.cluster.connection import (
    Connection,
    Piped,
    Refused,
    Silent,
    clock_of,
    facts_of,
    python_there,
)
from sweeps.cluster.facts import Clock, Facts
from sweeps.cluster.finding import Machine

ROOT = Path(probe.__file__).parents[2]
"""Of this project, as it is here."""


@dataclass(frozen=True)
class Patient:
    """A machine that was asked."""

    machine: Machine
    connection: Connection
    facts: Facts
    clock: Clock
    install: str = f"pip install -e {shlex.quote(str(ROOT))}"
    """The command that installs this project there, in this state."""
    restart: str = "ray stop"
    """The command that starts its Ray anew; of this machine's own the next study starts one."""


@dataclass(frozen=True)
class Visit:
    """A machine that was asked, or why it does not answer."""

    machine: Machine
    patient: Patient | None
    silence: str = ""
    inside: bool = False
    """Whether there was a sign from there all the same."""


def visit_by_ssh(
    file: ClusterFile, machine: Machine, storage: str | None, stack: contextlib.ExitStack
) -> Visit:
    """Ask a machine of a cluster file; the connection stays until the stack is left."""
    piped = Piped(python_there(file.login(machine.name)))
    stack.callback(piped.close)
    try:
        facts, clock = asked(piped, storage)
    except Silent as silence:
        return Visit(machine, None, str(silence), silence.inside)
    return Visit(machine, Patient(machine, piped, facts, clock, file.up, file.up))


def visit_through_ray(node: dict[str, Any], storage: str, own: str, start: str) -> Visit:
    """Ask a node of the Ray that this process has joined.

    Args:
        node: As `ray.nodes` describes it.
        storage: Whose disk is looked at.
        own: The address of this machine.
        start: The command that lets a machine join.
    """
    from sweeps.cluster.ray_nodes import Node

    address = node["NodeManagerAddress"]
    machine = Machine(address, "" if address == own else f"ssh {address}")
    connection = Node(node)
    try:
        facts, clock = asked(connection, storage)
    except Silent as silence:
        return Visit(machine, None, str(silence))
    restart = machine.do(f"ray stop; {start}")
    return Visit(
        machine, Patient(machine, connection, facts, clock, _brought(machine, facts), restart)
    )


def asked(connection: Connection, storage: str | None) -> tuple[Facts, Clock]:
    """Return what a machine says of itself, and of its clock.

    Raises:
        Silent: It does not answer.
    """
    places = [] if storage is None or "://" in storage else [storage]
    return facts_of(connection, places), clock_of(connection)


def _brought(machine: Machine, facts: Facts) -> str:
    """Return what brings this project to a node that Ray alone knows of."""
    if not machine.login:
        return Patient.install
    bring = f"rsync -a --exclude __pycache__ --exclude .git {ROOT}/ {machine.name}:cifar-sweeps/"
    return f"{bring} && {machine.do(f'{facts.executable} -m pip install -e ~/cifar-sweeps')}"


def trip(writer: Patient, reader: Patient, storage: str) -> Trip:
    """Let a machine write a mark into the storage, and the driver read it."""
    name = f".doctor-{uuid.uuid4().hex}"
    try:
        above = reader.connection.ask("folder", storage)
    except (Refused, Silent) as error:
        return _stuck(reader, storage, error, of_driver=True)
    made = "://" in storage or Path(above) == Path(storage)
    if above == "/" and not made:  # where no storage of several machines can lie
        return Trip("nothing of it is there", "ENOENT", of_driver=True, made=False)
    mark = f"{above.rstrip('/')}/{name}"
    try:
        writer.connection.ask("write", mark, name)
    except (Refused, Silent) as error:
        return replace(_stuck(writer, storage, error), made=made)
    try:
        arrived = bool(reader.connection.ask("read", mark) == name)
    except (Refused, Silent):
        arrived = False
    with contextlib.suppress(Refused, Silent):
        writer.connection.ask("remove", mark)
    return Trip(arrived=arrived)


def _stuck(who: Patient, storage: str, error: Refused | Silent, *, of_driver: bool = False) -> Trip:
    """Return why one did not come to the storage."""
    barred = ""
    if error.error == "EACCES":
        with contextlib.suppress(Refused, Silent):
            barred = who.connection.ask("barred", storage)
    return Trip(str(error), error.error, barred=barred, of_driver=of_driver)

"""Do the machines answer, and are they all there?"""

import shlex
from collections.abc import Iterable
from pathlib import Path

from sweeps.cluster.finding import Finding, Machine


def check_answer(machine: Machine, silence: str, key: Path | None, file: str) -> Finding:
    """Say why a machine does not answer over ssh.

    Args:
        machine: That is asked.
        silence: The last words of ssh; empty where it answers.
        key: The private key that the cluster file names.
        file: The cluster file.
    """
    if not silence:
        return Finding.ok("ssh", machine, "answers")
    if key is not None and not key.exists():
        said, mend = f"there is no key {key}", f"ssh-keygen -t ed25519 -f {shlex.quote(str(key))}"
    elif "Permission denied" in silence:
        named = f"-i {shlex.quote(str(key))}.pub " if key else ""
        target = machine.login.split()[-1]
        said, mend = f"it refuses the key: {silence}", f"ssh-copy-id {named}{target}"
    elif "Connection refused" in silence:
        said = "it is there, and no ssh server answers"
        mend = f"(at {machine.name} itself) sudo systemctl enable --now ssh"
    elif any(word in silence for word in ("python", "bash", "not found")):
        said, mend = f"it has no Python: {silence}", machine.do("sudo apt-get install python3-venv")
    else:
        said = f"it cannot be reached: {silence}"
        mend = f"ping -c 3 {machine.name}  # switch it on, or take its address out of {file}"
    return Finding("ssh", machine.name, "problem", said, mend)


def check_nodes(
    head: Machine, wanted: Iterable[Machine], joined: Iterable[str], up: str
) -> list[Finding]:
    """See that every machine has joined Ray's cluster.

    Args:
        head: Whose Ray was asked.
        wanted: Those that ought to be there, named by their addresses.
        joined: Addresses of those that are.
        up: The command that brings the cluster up.
    """
    there = set(joined)
    lost = [machine for machine in wanted if machine.name not in there]
    return [
        Finding("nodes", machine.name, "problem", f"it has not joined {head.name}", up)
        for machine in lost
    ] or [Finding.ok("nodes", head, f"{len(there)} have joined")]


def check_number(head: Machine, wanted: int, joined: Iterable[str], start: str) -> Finding:
    """See that as many nodes have joined as there ought to be.

    Args:
        head: Where the driver is.
        wanted: Nodes, at least.
        joined: Their addresses.
        start: The command that lets a machine join.
    """
    there = sorted(joined)
    said = f"{len(there)} have joined: {', '.join(there)}"
    if len(there) >= wanted:
        return Finding.ok("nodes", head, said)
    mend = f"{start}  # on each that is missing"
    return Finding("nodes", head.name, "problem", f"{said}; {wanted} are wanted", mend)

"""Do the machines answer, and are they all there?"""

import re
import shlex
from collections.abc import Iterable
from pathlib import Path

from sweeps.cluster.connection import UNANSWERED
from sweeps.cluster.finding import Finding, Machine


def check_answer(
    machine: Machine, silence: str, key: Path | None, file: str, *, inside: bool = False
) -> Finding:
    """Say why a machine does not answer over ssh.

    Args:
        machine: That is asked.
        silence: The last words of ssh, or of what it started; empty where it answers.
        key: The private key that the cluster file names.
        file: The cluster file.
        inside: Whether there was a sign from behind ssh.
    """
    if not silence:
        return Finding.ok("ssh", machine, "answers")
    if silence.startswith(UNANSWERED):  # ssh itself gives up sooner, and in other words
        mend = machine.do("timeout 20 bash --login -i -x -c true")
        said, mend = f"ssh connects, and the login hangs: {silence}", f"{mend}  # shows where"
    elif inside:
        said, mend = _within(machine, silence)
    elif key is not None and not key.exists():
        said, mend = f"there is no key {key}", f"ssh-keygen -t ed25519 -f {shlex.quote(str(key))}"
    elif "Permission denied (" in silence:
        named = f"-i {shlex.quote(str(key))}.pub " if key else ""
        target = machine.login.split()[-1]
        said, mend = f"it refuses the key: {silence}", f"ssh-copy-id {named}{target}"
    else:
        said, mend = _cause(machine, silence, file)
    return Finding("ssh", machine.name, "problem", said, mend)


def _within(machine: Machine, silence: str) -> tuple[str, str]:
    """Return what is wrong behind ssh, and what mends it."""
    if re.search("exec: .*not found|python.*: command not found", silence):
        return f"it has no Python: {silence}", machine.do("sudo apt-get install python3-venv")
    mend = machine.do("bash --login -i -c 'command -v python; python -VV'")
    return f"ssh gets in, and its Python does not answer: {silence}", mend


def _cause(machine: Machine, silence: str, file: str) -> tuple[str, str]:
    """Return what is wrong where it is not the key, and what mends it."""
    if "Connection refused" in silence:
        mend = f"(at {machine.name} itself) sudo systemctl enable --now ssh"
        return "it is there, and no ssh server answers", mend
    if re.search("banner exchange|kex_exchange|Connection (closed|reset)", silence):
        if "ProxyCommand" in machine.login:
            mend = f"${{EDITOR:-vi}} {shlex.quote(file)}"
            return f"its ssh_proxy_command does not get there: {silence}", mend
        mend = f"(at {machine.name} itself) sudo systemctl restart ssh"
        return f"it takes the connection, and its ssh server hangs: {silence}", mend
    if "Could not resolve" in silence:
        mend = f"${{EDITOR:-vi}} {shlex.quote(file)}"
        return f"nobody here knows its name: {silence}", mend
    if "ssh: connect to host" in silence:
        mend = f"ping -c 3 {machine.name}  # switch it on, or take its address out of {file}"
        return f"it cannot be reached: {silence}", mend
    mend = f"{machine.login} -v true  # shows why"
    return f"ssh does not get in: {silence}", mend


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

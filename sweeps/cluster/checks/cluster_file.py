"""What a cluster file says before any machine is up."""

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sweeps.cluster.finding import Finding, Machine

_TOKEN = "~/.ray/auth_token"
_EVERYBODY = ("0.0.0.0/0", "::/0")
_SSH = 22


def check_file(config: dict[str, Any], file: Path) -> list[Finding]:
    """See that a cluster file brings everything with it, the token too, and opens nothing.

    Args:
        config: As Ray reads the file, its defaults filled in.
        file: Where it lies; its mounts are relative to the folder that one is in, as for `ray up`.
    """
    machine = Machine(str(file))
    edit = f"${{EDITOR:-vi}} {shlex.quote(str(file))}"
    found = [*_mounts(config, file, machine, edit), *_open(config, machine)]
    if config["provider"]["type"] == "aws":
        found.append(_security_group(config, machine, edit))
    said = "valid against Ray's schema, brings the token, opens nothing"
    if not any(each.state == "problem" for each in found):
        found.insert(0, Finding.ok("cluster file", machine, said))
    return found


def _mounts(config: dict[str, Any], file: Path, machine: Machine, edit: str) -> Iterator[Finding]:
    mounts: dict[str, str] = config["file_mounts"]
    wanted = [here for there, here in mounts.items() if there != _TOKEN]
    lacking = [here for here in wanted if not Path(here).expanduser().exists()]
    folder = file.resolve().parent
    beside = [here for here in lacking if (folder / here).exists()]
    if beside:
        said = f"its mounts {', '.join(beside)} are not here, but in {folder}"
        yield Finding(
            "cluster file", machine.name, "problem", said, f"cd {shlex.quote(str(folder))}"
        )
    for here in (each for each in lacking if each not in beside):
        said = f"its mount {here} is not here"
        yield Finding("cluster file", machine.name, "problem", said, edit)
    if _TOKEN not in mounts:
        said = f"it brings no token to the machines: file_mounts lacks {_TOKEN}"
        mend = f"sed -i 's|^file_mounts:|&\\n  {_TOKEN}: {_TOKEN}|' {shlex.quote(machine.name)}"
        yield Finding("cluster file", machine.name, "problem", said, mend)
    elif not Path(mounts[_TOKEN]).expanduser().exists():
        said = f"there is no token in {mounts[_TOKEN]}"
        mend = "ray get-auth-token --generate > /dev/null && chmod 600 ~/.ray/auth_token"
        yield Finding("cluster file", machine.name, "problem", said, mend)
    commands = [*config["setup_commands"], *config["head_start_ray_commands"]]
    if not any("RAY_AUTH_MODE=token" in command for command in commands):
        said = "no command of it sets RAY_AUTH_MODE=token: a node without a token would be open"
        yield Finding("cluster file", machine.name, "problem", said, edit)


def _open(config: dict[str, Any], machine: Machine) -> Iterator[Finding]:
    commands = config["head_start_ray_commands"]
    if any("--dashboard-host=0.0.0.0" in c or "--dashboard-host 0.0.0.0" in c for c in commands):
        said = "its dashboard would listen for everybody"
        mend = (
            "sed -i -E 's/(--dashboard-host[= ])0\\.0\\.0\\.0/\\1127.0.0.1/' "
            f"{shlex.quote(machine.name)}"
        )
        yield Finding("cluster file", machine.name, "problem", said, mend)


def _security_group(config: dict[str, Any], machine: Machine, edit: str) -> Finding:
    """Read the rules that Ray would add to its own: those are ssh, and everything among nodes."""
    rules = config["provider"].get("security_group", {}).get("IpPermissions", [])
    for rule in rules:
        ranges = [r.get("CidrIp") for r in rule.get("IpRanges", [])]
        ranges += [r.get("CidrIpv6") for r in rule.get("Ipv6Ranges", [])]
        ports = (rule.get("FromPort"), rule.get("ToPort"))
        if any(r in _EVERYBODY for r in ranges) and ports != (_SSH, _SSH):
            said = f"its security group opens ports {ports[0]} to {ports[1]} to the world"
            return Finding("security group", machine.name, "problem", said, edit)
    kinds = config["available_node_types"].values()
    group = config["provider"].get("security_group", {}).get("GroupName")
    if group is not None or any("SecurityGroupIds" in kind["node_config"] for kind in kinds):
        # Ray takes a group as it is that has rules; one that is not there it makes.
        called = f"the security group {group}" if group else "security groups of its own"
        said = f"it names {called}, whose rules only AWS knows"
        filters = f" --filters {shlex.quote(f'Name=group-name,Values={group}')}" if group else ""
        mend = f"aws ec2 describe-security-groups{filters} --output table"
        return Finding.unknown("security group", machine, said, mend)
    said = "Ray makes one that lets in everybody's ssh, and nothing else"
    return Finding.ok("security group", machine, said)

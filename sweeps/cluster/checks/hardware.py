"""Have the machines what they are said to have, and room enough?"""

import shlex

from sweeps.cluster.checks.storage import clean
from sweeps.cluster.facts import Clock, Disk, Facts
from sweeps.cluster.finding import Finding, Machine

GIB = 2**30
FREE = 2 * GIB
"""Of a disk, at least."""
FULL = 0.95
"""From this share on Ray refuses to put objects on a disk."""
OFF = 1.0
"""Seconds between clocks, from which times of epochs and runs are out of order."""
_STORE_SHARE, _STORE_CAP = 0.3, 10e9
"""Ray's object store: of the memory, and bytes up to which it takes a disk instead."""


def check_clock(machine: Machine, clock: Clock) -> Finding:
    """Compare its clock with ours, no further than the round trip lets us know."""
    ahead = f"{abs(clock.ahead):.3f} s {'ahead' if clock.ahead >= 0 else 'behind'}"
    said = f"{ahead} (within {clock.uncertainty:.3f} s)"
    if abs(clock.ahead) - clock.uncertainty > OFF:
        return Finding.problem(
            "clock", machine, f"its clock is {said}", "sudo timedatectl set-ntp true"
        )
    return Finding.ok("clock", machine, said)


def check_disks(
    machine: Machine, facts: Facts, storage: str | None, driver: Machine
) -> list[Finding]:
    """See that temporary files and results have room."""
    return [_disk(machine, disk, storage, driver) for disk in facts.disks]


def _disk(machine: Machine, disk: Disk, storage: str | None, driver: Machine) -> Finding:
    used = 1 - disk.free / disk.total
    said = f"{disk.path} has {disk.free / GIB:.1f} GiB free ({used:.0%} used)"
    if disk.free >= FREE and used < FULL:
        return Finding.ok("disk", machine, said)
    if disk.path == storage:
        mend = clean(driver, storage)
    else:
        mend = machine.do(f"ray stop; rm -r {shlex.quote(disk.path + '/ray')}")
    return Finding("disk", machine.name, "problem", f"{said}: too little", mend)


def check_shared_memory(machine: Machine, facts: Facts, store: float | None = None) -> Finding:
    """See that Ray's object store fits into /dev/shm: else it lies on a disk, and is slow.

    Args:
        machine: Of the facts.
        facts: Of it.
        store: Bytes of the store, where Ray runs; else what it would take by itself.
    """
    disk = facts.shared_memory
    if disk is None:
        return Finding.unknown("shared memory", machine, "it has no /dev/shm")
    wanted = min(_STORE_SHARE * facts.memory, _STORE_CAP) if store is None else store
    said = f"/dev/shm has {disk.total / GIB:.1f} GiB, Ray's object store {wanted / GIB:.1f}"
    if disk.total >= wanted:
        return Finding.ok("shared memory", machine, said)
    return Finding.problem(
        "shared memory", machine, f"{said}, and would lie on a disk",
        f"sudo mount -o remount,size={int(wanted / GIB) + 1}G /dev/shm",
    )  # fmt: skip


def check_gpus(
    machine: Machine, facts: Facts, restart: str, declared: float | None = None
) -> Finding:
    """Compare the GPUs that NVIDIA's tool, torch and Ray see.

    Args:
        machine: Of the facts.
        facts: Of it.
        restart: The command that starts its Ray anew.
        declared: As many as Ray or the cluster file count; None where nobody counts them.
    """
    gpus = facts.gpus
    if gpus.problem:
        return Finding.problem("gpus", machine, f"nvidia-smi: {gpus.problem}", "sudo reboot")
    if gpus.cards > len(gpus.names) and not gpus.names:
        return Finding.problem(
            "gpus", machine, f"it has {gpus.cards} NVIDIA cards and no driver for them",
            "sudo ubuntu-drivers install",
        )  # fmt: skip
    visible = _visible(gpus.visible, len(gpus.names))
    if gpus.torch is not None and gpus.torch < visible:
        torch = f"torch=={facts.versions.get('torch', '')}".removesuffix("==")
        return Finding.problem(
            "gpus", machine, f"nvidia-smi sees {visible} GPUs, torch {gpus.torch}",
            f"{shlex.quote(facts.executable)} -m pip install --force-reinstall {torch}",
        )  # fmt: skip
    if declared is not None and declared != visible:
        hidden = f" (CUDA_VISIBLE_DEVICES={gpus.visible})" if gpus.visible is not None else ""
        said = f"{declared:g} GPUs are declared, {visible} are there{hidden}"
        return Finding("gpus", machine.name, "problem", said, restart)
    names = ", ".join(gpus.names)
    return Finding.ok("gpus", machine, f"{visible}: {names}" if names else "none")


def _visible(setting: str | None, present: int) -> int:
    """Return how many GPUs CUDA_VISIBLE_DEVICES leaves."""
    if setting is None:
        return present
    chosen = [word for word in setting.split(",") if word.strip() not in ("", "-1", "NoDevFiles")]
    return min(len(chosen), present)

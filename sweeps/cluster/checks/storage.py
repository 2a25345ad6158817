"""Does every machine write to the same storage, and is what they write read?"""

import shlex
from dataclasses import dataclass

from sweeps.cluster.finding import Finding, Machine


@dataclass(frozen=True)
class Trip:
    """What became of a mark that one machine wrote, and the driver was to read."""

    problem: str = ""
    """Empty where it came back as it was written."""
    error: str = ""
    """The name of the system's error, as ENOSPC, where there was one."""
    arrived: bool = True
    """False where it was written, and the driver did not see it."""
    barred: str = ""
    """The folder on the way there that cannot be searched."""
    of_driver: bool = False
    """Whether it is the driver that cannot look there."""
    made: bool = True
    """False where the storage is not there yet: the mark was to lie in a folder above."""


def check_storage(machine: Machine, storage: str, trip: Trip, driver: Machine) -> Finding:
    """Say what is wrong with a machine's way to the storage.

    Args:
        machine: That wrote; the driver's where that one cannot look there.
        storage: A path or URL.
        trip: What became of the mark.
        driver: Where it runs: it alone knows which checkpoints nobody needs.
    """
    if not trip.problem and trip.arrived:
        return Finding.ok("storage", machine, f"what it writes to {storage} is read by the driver")
    path = shlex.quote(storage)
    if trip.barred:
        mend = f"sudo chmod a+x {shlex.quote(trip.barred)}"
        said = f"cannot reach {storage}: {trip.barred} cannot be searched"
        return Finding.problem("storage", machine, said, mend)
    if trip.problem:
        said = f"cannot write {storage}: {trip.problem}"
        if trip.error in ("ENOSPC", "EDQUOT"):
            return Finding("storage", machine.name, "problem", said, clean(driver, storage))
        make = f'sudo install -d -o "$USER" {path} && sudo mount -a'
        own = f'sudo chown "$USER" {path}' if trip.made else make
        mends = {
            "EACCES": own,
            "EPERM": own,
            "EROFS": f'sudo mount -o remount,rw "$(findmnt -n -o TARGET -T {path})"',
            "ENOENT": make,
        }
        mend = mends.get(trip.error, f"touch {path}/.mark")
        return Finding.problem("storage", machine, said, mend)
    return Finding.problem(
        "storage", machine, f"what it writes to {storage} the driver does not see: checkpoints "
        "would be lost", "sudo mount -a",
    )  # fmt: skip


def clean(driver: Machine, storage: str) -> str:
    """Return what makes room, wherever it lacks: only the driver's machine has the record."""
    return driver.do(f"sweeps clean --checkpoints --storage {shlex.quote(storage)}")

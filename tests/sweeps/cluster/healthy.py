"""Machines with which all is well, to plant faults in."""

from typing import Any

from sweeps.cluster.connection import BOOT
from sweeps.cluster.facts import Clock, Facts
from sweeps.cluster.finding import Machine

DRIVER = Machine("driver")
HEAD = Machine("10.0.0.1", "ssh -i key researcher@10.0.0.1")
WORKER = Machine("10.0.0.2", "ssh -i key researcher@10.0.0.2")
GIB = 2**30

_FACTS: dict[str, Any] = {
    "host": "worker",
    "python": "3.12.3",
    "executable": "/home/researcher/env/bin/python",
    "prefix": "/home/researcher/env",
    "versions": {"ray": "2.60.0", "torch": "2.15.0", "mlflow": "3.17.2", "cifar-sweeps": "0.1.0"},
    "cuda": "13.2",
    "tools": {"rsync": True, "venv": True},
    "package": {
        "path": "/home/researcher/cifar-sweeps/sweeps", "ours": True, "digest": "0123456789ab",
        "owners": ["cifar-sweeps"],
    },
    "disks": [
        {"path": "/tmp", "free": 50 * GIB, "total": 100 * GIB},
        {"path": "/shared/sweeps", "free": 500 * GIB, "total": 1000 * GIB},
    ],
    "shared_memory": {"path": "/dev/shm", "free": 32 * GIB, "total": 32 * GIB},
    "memory": 64 * GIB,
    "gpus": {"names": ["A10G", "A10G"], "torch": 2, "cards": 2},
    "token": {
        "mode": "token", "path": "/home/researcher/.ray/auth_token", "permissions": 0o600,
        "mark": "ba9876543210",
    },
    "listeners": [
        {"service": "Ray", "address": "0.0.0.0", "port": 6379},
        {"service": "dashboard", "address": "127.0.0.1", "port": 8265},
    ],
    "ray": {"head": False, "modes": ["token"]},
    "untold": {},
}  # fmt: skip


def facts(**changes: Any) -> Facts:
    """Return what a machine says, with some of it changed; in parts, where they are mappings."""
    merged = {
        name: value | changes[name] if isinstance(value, dict) and isinstance(
            changes.get(name), dict
        ) else changes.get(name, value)
        for name, value in _FACTS.items()
    }  # fmt: skip
    return Facts.model_validate(merged)


def clock(ahead: float, uncertainty: float = 0.002) -> Clock:
    """Return a clock so far ahead."""
    return Clock(ahead=ahead, uncertainty=uncertainty)


def python_here(executable: str) -> list[str]:
    """Return the command of a Python of this machine that answers."""
    return [executable, "-c", BOOT]

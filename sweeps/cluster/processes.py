"""Which services of ours run on a machine, and who can reach them: as Linux tells in /proc.

Sent to machines together with `probe`.
"""

from __future__ import annotations

import contextlib
import re
import socket
import struct
from pathlib import Path
from typing import Any

GUARDED = "MLflow with a password"


def listeners() -> list[dict[str, Any]]:
    """Return the TCP ports on which services of ours listen, as far as this user may see."""
    sockets = {}
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for words in (line.split() for line in text_of(Path(table)).splitlines()[1:]):
            if words[3] == "0A":  # it listens
                sockets[f"socket:[{words[9]}]"] = words[1].split(":")
    found = set()
    for process, words in _processes():
        for address, port in (sockets[link] for link in _links(process) & sockets.keys()):
            found.add((_service(words, int(port, 16)), _address(address), int(port, 16)))
    names = ("service", "address", "port")
    return [dict(zip(names, each)) for each in sorted(found) if each[0]]  # noqa: B905


def _service(words: list[str], port: int) -> str:
    """Return what a process is that listens: only what could be of ours."""
    line = " ".join(words)
    if "dashboard/dashboard.py" in line:
        return "dashboard" if f"--port={port}" in words else "Ray"
    if "optuna-dashboard" in line or "optuna_dashboard" in line:
        return "optuna-dashboard"
    if "mlflow.server.auth:create_app" in words:
        return GUARDED
    if any(re.search(r"(^|/)mlflow(\.|$|-)|^mlflow\.server", word) for word in words):
        return "mlflow"
    return "Ray" if re.search(r"gcs_server|raylet|^ray::|/ray/|ray\.util\.client", line) else ""


def _address(packed: str) -> str:
    """Return an address that the kernel writes as words of the machine's own byte order."""
    words = [int(packed[start : start + 8], 16) for start in range(0, len(packed), 8)]
    family = socket.AF_INET if len(words) == 1 else socket.AF_INET6
    return socket.inet_ntop(family, struct.pack(f"={len(words)}I", *words))


def ray_here() -> dict[str, Any] | None:
    """Return what of Ray runs here, and with which authentication it was started."""
    modes = {}
    for process, words in _processes():
        name = Path(words[0]).name
        if name in ("gcs_server", "raylet"):
            setting = re.search(r"(?:^|\0)RAY_AUTH_MODE=(\w*)", text_of(process / "environ"))
            modes[name] = setting.group(1) if setting else ""
    return {"head": "gcs_server" in modes, "modes": sorted(set(modes.values()))} if modes else None


def _processes() -> list[tuple[Path, list[str]]]:
    """Return all processes, with the words of their command lines."""
    folders = (each for each in Path("/proc").glob("[0-9]*"))
    return [(each, text_of(each / "cmdline").split("\0")) for each in folders]


def _links(process: Path) -> set[str]:
    """Return what a process has open; nothing where it has ended, or is somebody else's."""
    found = set()
    with contextlib.suppress(OSError):
        for link in (process / "fd").iterdir():
            with contextlib.suppress(OSError):  # closed meanwhile
                found.add(str(link.readlink()))
    return found


def text_of(path: Path) -> str:
    """Return what is in a file; nothing where there is none, or it is somebody else's."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""

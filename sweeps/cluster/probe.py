"""What a machine says of itself, asked line by line.

This text is sent, with `processes` before it, to machines on which nothing is installed yet: ASCII,
the standard library alone, any Python from 3.9 on. It answers in plain JSON, and nothing secret.
"""

import errno
import hashlib
import json
import os
import platform
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import time
from importlib import metadata, util
from pathlib import Path
from typing import Any

from sweeps.cluster.processes import listeners, ray_here, text_of

MARK = "sweeps-doctor "
"""Begins each answer: a login shell may print things of its own."""
PACKAGES = ("ray", "torch", "torchvision", "numpy", "optuna", "mlflow", "cifar-sweeps")
TREES = ("cifar_models", "search_spaces", "sweeps")
_SECONDS, _TOOL_SECONDS = 80, 30
"""That torch and NVIDIA's tool may take: together fewer than whoever asks waits."""


def facts(places: list[str]) -> dict[str, Any]:
    """Return all that is asked of every machine; what it cannot tell leaves the rest as it is.

    Args:
        places: Folders, or where some are to be made, whose disks are looked at.
    """
    temporary = tempfile.gettempdir()
    told: dict[str, Any] = {
        "host": platform.node(),
        "python": platform.python_version(),
        "executable": sys.executable,
        "prefix": sys.prefix,
        "versions": {name: found for name in PACKAGES if (found := _version(name))},
        "tools": {"rsync": bool(shutil.which("rsync")), "venv": bool(util.find_spec("ensurepip"))},
        "disks": [_disk(place) for place in dict.fromkeys((temporary, *places))],
        "shared_memory": _disk("/dev/shm") if Path("/dev/shm").is_dir() else None,
        "memory": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "token": _token(),
        "untold": {},
    }
    looks = {"cuda": _cuda, "gpus": _gpus, "listeners": listeners, "ray": ray_here}
    for name, look in {"package": package, **looks}.items():
        try:
            told[name] = look()
        except Exception as error:  # of many kinds: what is there was made by others
            told["untold"][name] = f"{type(error).__name__}: {error}"
    return told


def clock() -> float:
    """Return the time of this machine, in seconds since 1970."""
    return time.time()


# ---------------------------------------------------------------------- storage


def write(url: str, text: str) -> None:
    """Write a small file."""
    if "://" in url:
        _remote(url).pipe_file(url, text.encode())
    else:
        Path(url).write_text(text, encoding="utf-8")


def read(url: str) -> str:
    """Read it, here or elsewhere."""
    if "://" in url:
        return str(_remote(url).cat_file(url).decode())
    return Path(url).read_text(encoding="utf-8")


def remove(url: str) -> None:
    """Take it away, if it is there."""
    if "://" in url:
        _remote(url).rm(url)
    else:
        Path(url).unlink(missing_ok=True)


def folder(path: str) -> str:
    """Return the nearest folder above that exists; a URL as it is.

    Raises:
        PermissionError: A folder on the way cannot be searched: nobody knows what is in it.
    """
    if "://" in path:
        return path
    for there in _upwards(path):
        try:
            if stat.S_ISDIR(there.stat().st_mode):
                return str(there)
        except (FileNotFoundError, NotADirectoryError):
            continue
    return "/"


def barred(path: str) -> str:
    """Return the first folder on the way to a path that cannot be searched; empty if all can."""
    way = (each for each in reversed(_upwards(path)) if each.is_dir())
    return str(next((each for each in way if not os.access(each, os.X_OK)), ""))


def _upwards(path: str) -> list[Path]:
    return [Path(path), *Path(path).parents]


def _remote(url: str) -> Any:
    import fsspec

    return fsspec.core.url_to_fs(url)[0]


# ---------------------------------------------------------------------- software


def package() -> dict[str, Any] | None:
    """Return which ``sweeps`` an import would find here, without importing it."""
    places = {tree: _place(tree) for tree in TREES}
    place = places["sweeps"]
    if place is None:
        return None
    return {
        "path": str(place),
        "ours": (place / "ablation.py").is_file() and (place / "record").is_dir(),
        "digest": digest([found for found in places.values() if found]),
        "owners": _owners("sweeps"),
    }


def _place(tree: str) -> Path | None:
    """Return the folder of a package; Ray may bring each of ours into a folder of its own."""
    found = util.find_spec(tree)
    if found is None:
        return None
    folders = list(found.submodule_search_locations or [])
    return Path(folders[0] if folders else found.origin or "")


def _owners(package: str) -> list[str]:
    """Return the installed distributions that say to hold a package."""
    held = metadata.distributions()
    names = [
        str(each.metadata["Name"])
        for each in held
        if package in (each.read_text("top_level.txt") or "").split()
    ]
    return sorted(set(names) | ({package} if _version(package) else set()))


def digest(places: list[Path]) -> str:
    """Return a digest of the source in the folders of some packages."""
    text = hashlib.sha256()
    for place in places:
        files = (file for file in place.rglob("*") if file.is_file())
        for file in sorted(file for file in files if file.suffix not in (".pyc", ".pyo")):
            name = Path(place.name, file.relative_to(place))
            text.update(str(name).encode() + b"\0" + file.read_bytes() + b"\0")
    return text.hexdigest()[:12]


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def _cuda() -> str | None:
    """Return the CUDA that torch was built for: from a file of its own, an import takes seconds."""
    found = util.find_spec("torch")
    if found is None or found.origin is None:
        return None
    file = Path(found.origin).with_name("version.py")
    written = re.search(r"^cuda\b.*?= '([\d.]+)'", file.read_text(), re.M)
    return written.group(1) if written else None


# ---------------------------------------------------------------------- hardware


def _disk(place: str) -> dict[str, Any]:
    """Return the room on the disk of a place, or of what is to be seen of the way there."""
    for there in _upwards(place):
        try:
            usage = shutil.disk_usage(there)
        except OSError:  # not made yet, or not for this user's eyes
            continue
        return {"path": place, "free": usage.free, "total": usage.total}
    return {"path": place, "free": 0, "total": 1}


def _gpus() -> dict[str, Any]:
    """Return what NVIDIA's tool and torch see, and whether a card is there that neither does."""
    cards = sum(_is_card(device) for device in Path("/sys/bus/pci/devices").glob("*"))
    found: dict[str, Any] = {"visible": os.environ.get("CUDA_VISIBLE_DEVICES"), "cards": cards}
    if shutil.which("nvidia-smi") is None:
        return found
    try:
        said = _run(["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"], _TOOL_SECONDS)
    except subprocess.TimeoutExpired:
        return {**found, "problem": f"no answer within {_TOOL_SECONDS} s"}
    if said.returncode:
        words = f"{said.stdout}\n{said.stderr}".strip() or f"it ends with {said.returncode}"
        return {**found, "problem": words.splitlines()[0]}
    found["names"] = said.stdout.strip().splitlines()
    if found["names"] and util.find_spec("torch"):
        code = "import torch; print(torch.cuda.device_count() if torch.cuda.is_available() else 0)"
        answer = _run([sys.executable, "-c", code]).stdout.split()
        found["torch"] = int(answer[-1]) if answer else 0
    return found


def _is_card(device: Path) -> bool:
    """Whether it is a display or compute card of NVIDIA."""
    vendor, kind = (text_of(device / name).strip() for name in ("vendor", "class"))
    return vendor == "0x10de" and kind.startswith("0x03")


def _run(command: list[str], seconds: int = _SECONDS) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=False)


# ---------------------------------------------------------------------- security


def _token() -> dict[str, Any]:
    """Return where Ray's token lies, who may read it, and a digest that tells two apart."""
    given = os.environ.get("RAY_AUTH_TOKEN", "")
    path = Path(os.environ.get("RAY_AUTH_TOKEN_PATH") or Path.home() / ".ray" / "auth_token")
    secret = given or text_of(path).strip()
    mark = hashlib.sha256(b"sweeps doctor " + secret.encode()).hexdigest()[:12] if secret else ""
    return {
        "mode": os.environ.get("RAY_AUTH_MODE"),
        "path": str(path),
        "permissions": stat.S_IMODE(path.stat().st_mode) if os.access(path, os.F_OK) else None,
        "mark": mark,
    }


# ---------------------------------------------------------------------- the cluster


def joined() -> list[str]:
    """Return the addresses of the nodes of the Ray that runs here."""
    import ray

    ray.init("auto", log_to_driver=False)
    try:
        known: Any = ray.nodes  # which Ray does not type
        return [node["NodeManagerAddress"] for node in known() if node["Alive"]]
    finally:
        ray.shutdown()


def sweeps(words: list[str]) -> str:
    """Return what our own command prints here."""
    return _run([sys.executable, "-m", "sweeps", *words]).stdout


# ---------------------------------------------------------------------- answering

QUESTIONS: dict[str, Any] = {
    **{"facts": facts, "clock": clock, "joined": joined, "sweeps": sweeps},
    **{"write": write, "read": read, "remove": remove, "folder": folder},
    "barred": barred,
}


def answer(question: str, arguments: list[Any]) -> dict[str, Any]:
    """Answer one question; a failure is an answer, too."""
    try:
        return {"answer": QUESTIONS[question](*arguments)}
    except Exception as error:  # whatever it is, the other side will say it
        number = getattr(error, "errno", None)
        return {"error": f"{error}", "errno": errno.errorcode.get(number or 0, "")}


def serve() -> None:
    """Answer every line of standard input."""
    for line in sys.stdin:
        question, *arguments = json.loads(line)
        sys.stdout.write(MARK + json.dumps(answer(question, arguments)) + "\n")
        sys.stdout.flush()


if __name__ == "__probe__":
    serve()

"""What a number was made with: versions, commit, machine."""

import platform
from functools import cache
from importlib.metadata import version
from pathlib import Path
from subprocess import run

from cifar_models.processor import has_amx_bf16

PACKAGES = (
    "cifar-sweeps",
    "torch",
    "torchvision",
    "pytorch-optimizer",
    "numpy",
    "ray",
    "optuna",
    "mlflow",
)
_TREES = ("cifar_models", "search_spaces", "sweeps")


@cache
def environment() -> dict[str, str]:
    """Return the versions of what trains here, the commit of this project, and the node."""
    found = {name: version(name) for name in PACKAGES}
    return found | {"git_commit": git_commit() or "", "node": platform.node()}


def git_commit() -> str | None:
    """Return the commit of this project's checkout, None when it is installed without one."""
    root, _, commit = _git("rev-parse", "--show-toplevel", "HEAD").strip().partition("\n")
    # a virtual environment may lie inside somebody else's repository
    return commit if root and Path(root) == _root() else None


def git_changes() -> str:
    """Return how the tracked files of this project's checkout differ from its commit."""
    return _git("diff", "--binary", "HEAD", "--", *_TREES) if git_commit() else ""


def _root() -> Path:
    """Return the folder of our packages."""
    return Path(__file__).parents[2]


def _git(*words: str) -> str:
    """Return what git says; nothing when there is none, or it refuses."""
    command = ["git", "-C", str(_root()), *words]
    try:
        found = run(command, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return "" if found.returncode else found.stdout


@cache
def processor() -> str:
    """Return the model of this machine's CPU, and that it has AMX: many share a name."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        model = next(line.split(":")[1].strip() for line in lines if "model name" in line)
        return f"{model}, AMX" if has_amx_bf16() else model
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()

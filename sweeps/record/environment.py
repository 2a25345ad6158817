"""What a number was made with: versions, commit, machine."""

import platform
from functools import cache
from importlib.metadata import version
from pathlib import Path
from subprocess import run

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


@cache
def environment() -> dict[str, str]:
    """Return the versions of what trains here, the commit of this project, and the node."""
    found = {name: version(name) for name in PACKAGES}
    return found | {"git_commit": git_commit() or "", "node": platform.node()}


def git_commit() -> str | None:
    """Return the commit of this project's checkout, None when it is installed without one."""
    package = Path(__file__).parents[1]
    try:
        found = run(
            ["git", "rev-parse", "--show-toplevel", "HEAD"],
            cwd=package,
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError:
        return None
    root, _, commit = found.stdout.strip().partition("\n")
    # a virtual environment may lie inside somebody else's repository
    ours = found.returncode == 0 and Path(root) == package.parent
    return commit if ours else None


@cache
def processor() -> str:
    """Return the model of this machine's CPU."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.split(":")[1].strip() for line in lines if "model name" in line)
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()

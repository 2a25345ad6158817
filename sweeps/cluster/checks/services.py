"""Does what the driver needs answer: MLflow, and the data?"""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from sweeps.cluster.finding import Finding, Machine

OLDEST_MLFLOW = (3, 10)


@dataclass(frozen=True)
class Tracking:
    """What became of a first word to MLflow."""

    uri: str
    served: bool
    """Whether it is a server; else a database."""
    problem: str = ""
    version: str = ""
    """Of a server."""
    new: bool = False
    """Whether the database is not there yet."""


def check_tracking(machine: Machine, tracking: Tracking) -> Finding:
    """See that MLflow answers, and that its database is of its own version."""
    uri = tracking.uri
    if "out-of-date" in tracking.problem:
        return Finding.problem(
            "tracking", machine, f"the database {shown(uri)} is of another version of MLflow",
            f"mlflow db upgrade {shlex.quote(shown(uri))}",
        )  # fmt: skip
    if tracking.problem and tracking.served:
        port = urlsplit(uri).port or 5000
        return Finding.problem(
            "tracking", machine, tracking.problem,
            f"mlflow server --host 127.0.0.1 --port {port} --backend-store-uri "
            "sqlite:///mlflow.db --artifacts-destination mlartifacts",
        )  # fmt: skip
    if tracking.problem:
        file = shlex.quote(uri.removeprefix("sqlite:///"))
        return Finding.problem("tracking", machine, tracking.problem, f"mv {file} {file}.damaged")
    numbers = tuple(int(part) for part in tracking.version.split(".")[:2] if part.isdigit())
    if numbers and numbers < OLDEST_MLFLOW:
        oldest = ".".join(map(str, OLDEST_MLFLOW))
        return Finding.problem(
            "tracking", machine, f"its MLflow is {tracking.version}, and {oldest} is the oldest "
            "that will do", f"pip install --upgrade 'mlflow>={oldest}'",
        )  # fmt: skip
    if tracking.new:
        return Finding.ok("tracking", machine, f"{shown(uri)} will be made")
    return Finding.ok("tracking", machine, f"{shown(uri)} answers, its database migrated")


def shown(uri: str) -> str:
    """Return a URI without the password that may stand in it."""
    parts = urlsplit(uri)
    if parts.password is None:
        return uri
    return parts._replace(netloc=f"{parts.username}:***@{parts.netloc.rpartition('@')[2]}").geturl()


def check_data(
    machine: Machine, name: str, data_dir: Path, lacking: Sequence[str], fetch: str
) -> Finding:
    """See that a data set's files are there and whole.

    Args:
        machine: The driver's.
        name: Of the data set.
        data_dir: Where it lies.
        lacking: What of it is absent or corrupt.
        fetch: The command that fetches it.
    """
    if not lacking:
        return Finding.ok("data", machine, f"{name} is whole")
    broken = [file for file in lacking if Path(file).exists()]
    what = f"{len(lacking)} files of {name} are absent from {data_dir}"
    if broken:
        what = f"{broken[0]} is corrupt"
        fetch = f"rm {shlex.join(broken)}; {fetch}"
    return Finding.problem("data", machine, what, fetch)

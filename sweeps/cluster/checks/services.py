"""Does what the driver needs answer: MLflow, and the data?"""

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from sweeps.cluster.finding import Finding, Machine
from sweeps.record.database import Age
from sweeps.record.server import USER, is_loopback

OLDEST_MLFLOW = (3, 10)
_DATABASES = {"mssql": "mssql-server"}
"""The service of a database where it is not called as in its URI."""
_DRIVERS = {
    "psycopg": "'psycopg[binary]'",
    "psycopg2": "psycopg2-binary",
    "MySQLdb": "mysqlclient",
}
"""What pip calls the modules through which SQLAlchemy talks."""


@dataclass(frozen=True)
class Tracking:
    """What became of a first word to MLflow."""

    uri: str
    served: bool
    """Whether it is a server; else a database."""
    problem: str = ""
    version: str = ""
    """Of a server."""
    age: Age = "ours"
    """Of a database."""
    file: Path | None = None
    """Of a database that is one."""


def check_tracking(machine: Machine, tracking: Tracking) -> Finding:
    """See that MLflow answers, and that its database is of its own version."""
    where = shown(tracking.uri)
    if tracking.age in ("older", "newer"):
        said = f"the database {where} was made by an MLflow that is {tracking.age} than this"
        mend = _upgrade(tracking.uri) if tracking.age == "older" else "pip install --upgrade mlflow"
        return Finding.problem("tracking", machine, said, mend)
    if tracking.problem:
        mend = _mend_server(tracking) if tracking.served else _mend_database(tracking)
        return Finding("tracking", machine.name, "problem", tracking.problem, mend)
    numbers = tuple(int(part) for part in tracking.version.split(".")[:2] if part.isdigit())
    if numbers and numbers < OLDEST_MLFLOW:
        oldest = ".".join(map(str, OLDEST_MLFLOW))
        return Finding.problem(
            "tracking", machine, f"its MLflow is {tracking.version}, and {oldest} is the oldest "
            "that will do", f"pip install --upgrade 'mlflow>={oldest}'",
        )  # fmt: skip
    if tracking.age == "new":
        return Finding.ok("tracking", machine, f"{where} will be made")
    return Finding.ok("tracking", machine, f"{where} answers, its database migrated")


def _upgrade(uri: str) -> str:
    """Return what migrates a database; a password is not written into it."""
    mend = f"mlflow db upgrade {shlex.quote(shown(uri))}"
    return mend if shown(uri) == uri else f"{mend}  # its password in place of ***"


def _mend_server(tracking: Tracking) -> str:
    """Return what lets a server answer: it wants a password, or is not there."""
    if "error code 401" in tracking.problem:
        way = f"MLFLOW_TRACKING_USERNAME={USER} MLFLOW_TRACKING_PASSWORD=$(cat FOLDER/password)"
        return f"echo 'export {way}' >> ~/.bashrc  # FOLDER of its `sweeps serve`; then log in anew"
    parts = urlsplit(tracking.uri)
    if parts.scheme == "https" or not is_loopback(parts.hostname or ""):  # another's, with a record
        uri = shlex.quote(f"{shown(tracking.uri).rstrip('/')}/health")
        return f"curl -sS {uri}  # where it is served, its log says what it lacks"
    return f"sweeps serve --port {parts.port or 5000} --folder ~/mlflow"


def _mend_database(tracking: Tracking) -> str:
    """Return what lets a database answer: a file, or what a server of its own keeps."""
    if tracking.file is not None:
        file = shlex.quote(str(tracking.file))
        if "unable to open" in tracking.problem:
            return f'sudo chown "$USER" {file}'
        return f"mv {file} {file}.damaged"
    if lacking := re.search(r"No module named '(\w+)'", tracking.problem):
        return f"pip install {_DRIVERS.get(lacking[1], lacking[1])}"
    parts = urlsplit(tracking.uri)
    backend = parts.scheme.partition("+")[0]
    start = f"sudo systemctl start {_DATABASES.get(backend, backend)}"
    return _on(parts.hostname or "").do(start)


def _on(host: str) -> Machine:
    """Return a machine of which only its address is known."""
    return Machine(host, "" if not host or is_loopback(host) else f"ssh {host}")


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

"""Asking MLflow and looking at the data, where the driver will run."""

import contextlib
import urllib.request
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from cifar_models.datasets.cifar import CIFAR10, CIFAR100
from cifar_models.datasets.dataset import Dataset
from sweeps.cluster.checks.services import Tracking, check_data, shown
from sweeps.cluster.finding import Finding, Machine
from sweeps.record.database import age_of, database_file
from sweeps.record.mlflow_runs import Runs
from sweeps.record.places import Places

_SECONDS = 5
_OFFICIAL = (CIFAR10(), CIFAR100())


def ask_tracking(places: Places) -> Tracking:
    """Say a first word to MLflow; writes nothing."""
    uri = places.tracking_uri
    file = database_file(uri)
    if file is not None and not file.exists():
        return Tracking(uri, served=False, age="new")
    if not places.served:
        with contextlib.suppress(SQLAlchemyError, ImportError):  # the next question says it better
            age = age_of(uri)
            if age != "ours":
                return Tracking(uri, served=False, age=age)
    try:
        Runs(uri, reading=True)
    except ValueError as error:
        return Tracking(uri, places.served, str(error).replace(uri, shown(uri)), file=file)
    return Tracking(uri, places.served, version=_version(uri) if places.served else "")


def _version(uri: str) -> str:
    """Return the version of a server, empty where it does not tell."""
    if not uri.startswith(("http://", "https://")):
        return ""
    try:
        with urllib.request.urlopen(f"{uri.rstrip('/')}/version", timeout=_SECONDS) as answer:
            return str(answer.read(100).decode("ascii", "replace")).strip()
    except OSError:  # it wants a password, say
        return ""


def look_at_data(machine: Machine, datasets: list[Dataset], data_dir: Path | None) -> list[Finding]:
    """Check the files of data sets; without any, those of CIFAR that are there."""
    folder = Path("data") if data_dir is None else data_dir
    present = [each for each in _OFFICIAL if (folder / each.loader().base_folder).exists()]
    found = [
        check_data(machine, each.name, folder, each.lacking(data_dir), _fetch(each.name, folder))
        for each in datasets or present
    ]
    said = f"no --study or --dataset is given, and {folder} has none of CIFAR"
    return found or [Finding.unknown("data", machine, said)]


def _fetch(name: str, folder: Path) -> str:
    """Return the command that downloads a data set."""
    code = f"import torchvision as t; t.datasets.{name.upper()}({str(folder)!r}, download=True)"
    return f'python -c "{code}"'

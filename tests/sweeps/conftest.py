"""What the tests of sweeps share: a migrated MLflow database, since making one takes seconds."""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cifar_models.component import forget
from cifar_models.source_file import USER_MODULE


@pytest.fixture(scope="session")
def migrated_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An MLflow database without an experiment of ours."""
    from mlflow import MlflowClient

    path = tmp_path_factory.mktemp("mlflow") / "mlflow.db"
    MlflowClient(f"sqlite:///{path}").search_experiments()
    return path


@pytest.fixture
def state(tmp_path: Path, migrated_database: Path) -> Path:
    """A storage and state folder whose MLflow database is ready."""
    folder = tmp_path / "runs"
    folder.mkdir()
    shutil.copy(migrated_database, folder / "mlflow.db")
    return folder


@pytest.fixture
def unloaded_studies() -> Iterator[None]:
    """Take users' study files out of the registries afterwards: other tests see only ours."""
    yield
    for name in [name for name in sys.modules if name.startswith(USER_MODULE)]:
        del sys.modules[name]
        forget(name)


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory, migrated_database: Path) -> Path:
    """The storage of a finished study `small`; to be read only."""
    from tests.sweeps.record.recorded import record_study

    folder = tmp_path_factory.mktemp("recorded") / "runs"
    folder.mkdir()
    shutil.copy(migrated_database, folder / "mlflow.db")
    record_study(folder)
    return folder

"""MLflow's database where it is a file: made whole or not at all, and written without waiting."""

import contextlib
import os
import sqlite3
from pathlib import Path
from typing import Any, Literal

import mlflow
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from mlflow.store.tracking import DEFAULT_LOCAL_FILE_AND_ARTIFACT_PATH as DEFAULT_ARTIFACTS
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore
from sqlalchemy import create_engine, event
from sqlalchemy.engine import Engine

from sweeps.record.journal import FILE as JOURNAL

_PREFIX = "sqlite:///"
Age = Literal["new", "older", "newer", "ours"]
"""Of which MLflow the tables of a database are; new where there are none."""
NAME = "mlflow.db"
"""Of the database that lies beside a journal."""


def database_file(uri: str) -> Path | None:
    """Return the file of a database; None where it is a server's."""
    return Path(uri.removeprefix(_PREFIX)) if uri.startswith(_PREFIX) else None


def age_of(uri: str) -> Age:
    """Return of which MLflow a database is; nothing is written to it.

    MLflow itself migrates a database when it is first opened and a table is lacking: whoever only
    looks must look before.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: It does not answer, or is none.
        ImportError: What talks to it is not installed.
    """
    engine = create_engine(uri)
    try:
        with engine.connect() as connection:
            there = MigrationContext.configure(connection).get_current_revision()
    finally:
        engine.dispose()
    scripts = ScriptDirectory(str(Path(mlflow.__file__).with_name("store") / "db_migrations"))
    if there is None:
        return "new"
    if there == scripts.get_current_head():
        return "ours"
    known = {script.revision for script in scripts.walk_revisions()}
    return "older" if there in known else "newer"


def make_database(file: Path) -> None:
    """Make an empty database, unless it is there.

    MLflow makes its tables in hundreds of steps, 1 to 6 s in all, and can do nothing with a file
    whose maker was killed on the way. It therefore comes to its name when it is complete.

    Raises:
        sqlalchemy.exc.OperationalError: The folder is not there, or cannot be written.
    """
    if file.exists():
        return
    half = file.with_name(f"{file.name}.{os.getpid()}.tmp")
    half.unlink(missing_ok=True)  # of a killed maker with this number
    try:
        store = SqlAlchemyStore(f"{_PREFIX}{half}", DEFAULT_ARTIFACTS)  # type: ignore[no-untyped-call]
        store.engine.dispose()
        with contextlib.suppress(FileExistsError):  # another driver was faster
            os.link(half, file)
    finally:
        half.unlink(missing_ok=True)


@event.listens_for(Engine, "connect")
def _wait_for_no_disk(connection: Any, _: object) -> None:
    """Let the system choose when commits reach the disk, in a database that lies beside a journal.

    MLflow commits seven times a run, and each would wait for the disk, 4 to 60 ms a run. A killed
    driver loses nothing; a power cut may spoil the database, and a study that is run again makes a
    new one from the journal. The setting is this process's alone: in the file nothing changes, as a
    write-ahead log would change it, which neither network folders nor readers without the right to
    write can do with.
    """
    if isinstance(connection, sqlite3.Connection):
        path = Path(connection.execute("PRAGMA database_list").fetchone()[2])
        if path.name.startswith(NAME) and path.with_name(JOURNAL).exists():
            connection.execute("PRAGMA synchronous = OFF")

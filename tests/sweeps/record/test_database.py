import sqlite3
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy
from sqlalchemy import event
from sqlalchemy.engine import Engine

from sweeps.record.database import age_of, make_database
from sweeps.record.journal import FILE as JOURNAL
from sweeps.record.mlflow_runs import Runs


def test_a_database_whose_maker_is_killed_on_the_way_is_not_there(tmp_path: Path) -> None:
    statements = 0

    def killed_at_the_fiftieth(*_: Any) -> None:
        nonlocal statements
        statements += 1
        assert not file.exists(), "a kill at this moment would leave half a database"
        if statements == 50:
            raise KeyboardInterrupt

    file = tmp_path / "mlflow.db"
    event.listen(Engine, "before_cursor_execute", killed_at_the_fiftieth)
    try:
        with pytest.raises(KeyboardInterrupt):
            make_database(file)
    finally:
        event.remove(Engine, "before_cursor_execute", killed_at_the_fiftieth)
    assert not list(tmp_path.iterdir())


def test_whose_a_database_is_and_nothing_is_made(tmp_path: Path, state: Path) -> None:
    assert age_of(f"sqlite:///{state / 'mlflow.db'}") == "ours"
    empty = tmp_path / "empty.db"
    empty.touch()
    assert age_of(f"sqlite:///{empty}") == "new"
    assert not empty.stat().st_size
    empty.write_bytes(b"whatever it holds")
    with pytest.raises(sqlalchemy.exc.DatabaseError):
        age_of(f"sqlite:///{empty}")


def test_a_database_that_is_there_stays(tmp_path: Path) -> None:
    file = tmp_path / "mlflow.db"
    file.write_bytes(b"whatever it holds")
    make_database(file)
    assert file.read_bytes() == b"whatever it holds"


def test_commits_wait_for_the_disk_but_beside_a_journal(state: Path, runs: Runs) -> None:
    def synchronous() -> int:
        engine = sqlalchemy.create_engine(runs.uri)
        with engine.connect() as connection:
            mode = connection.execute(sqlalchemy.text("PRAGMA synchronous")).scalar()
        engine.dispose()
        assert isinstance(mode, int)
        return mode

    assert synchronous() == _default(state)
    (state / JOURNAL).touch()
    assert synchronous() == 0


def _default(state: Path) -> int:
    with sqlite3.connect(state / "mlflow.db") as connection:
        (mode,) = connection.execute("PRAGMA synchronous").fetchone()
    connection.close()
    assert mode > 0
    return int(mode)

"""Where Optuna keeps the searches: a file of the driver's own, or a database that the user names.

Either way one driver writes. Two that search alike in one database would train the same trials, so
a search in a database carries the state folder that it belongs to.
"""

import contextlib
import logging
import socket
import uuid
from pathlib import Path
from typing import Any

import optuna
from optuna.exceptions import StorageInternalError
from optuna.storages import BaseStorage, JournalStorage, RDBStorage
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from sweeps.execution.suggestion_log import SuggestionLog
from sweeps.record.database import database_file
from sweeps.record.places import Places

_PATIENT = ("psycopg", "psycopg2", "pymysql", "mysqldb")
"""Drivers that can be told how long to wait for a server."""
_CONNECT_SECONDS = 5
_OWNER, _WHERE = "state", "state folder"
"""Attributes of a search in a database: to whose state it belongs, and where that was last."""
_MARK = "state.id"
"""The file that tells a state folder from all others, wherever it is moved."""


def in_database(place: str) -> bool:
    """Whether searches lie in a database; else the place is a file."""
    return "://" in place


def open_suggestions(place: str, *, reading: bool = False) -> BaseStorage:
    """Return the storage that Optuna keeps its searches in.

    Args:
        place: A file, or the URL of a database.
        reading: Another driver may be writing to it.

    Raises:
        ValueError: The database does not answer, or cannot be used.
    """
    logging.getLogger("optuna").setLevel(logging.WARNING)  # or it tells of every search it makes
    if not in_database(place):
        return JournalStorage(SuggestionLog(Path(place), reading=reading))
    try:
        url = make_url(place)
        patient = url.get_driver_name() in _PATIENT
        waits: dict[str, Any] = {"connect_timeout": _CONNECT_SECONDS} if patient else {}
        return RDBStorage(place, engine_kwargs={"pool_pre_ping": True, "connect_args": waits})
    except (ArgumentError, ValueError):
        raise ValueError(
            "--optuna-uri wants the URL of a database, such as postgresql+psycopg://host/optuna"
        ) from None
    except ImportError:
        raise ValueError(
            f"{_shown(place)}: what talks to such a database is not installed; for instance: pip "
            'install "psycopg[binary]" for postgresql+psycopg, pymysql for mysql+pymysql'
        ) from None
    except (SQLAlchemyError, StorageInternalError, RuntimeError) as error:
        raise unanswered(error) from None


def find_search(place: str, name: str) -> optuna.Study | None:
    """Return a search, to be read; None if it has not begun."""
    file = database_file(place) if in_database(place) else Path(place)
    if file is not None and not file.exists():
        return None
    storage = open_suggestions(place, reading=True)
    if name not in optuna.get_all_study_names(storage):
        return None
    return optuna.load_study(study_name=name, storage=storage)


def claim(search: optuna.Study, places: Places) -> optuna.Study:
    """Return a search, which in a database is this driver's from now on.

    Raises:
        ValueError: It belongs to another state folder.
    """
    if not in_database(places.suggestions):
        return search
    mine, known = _mark(places.state), search.user_attrs
    if known.get(_OWNER, mine) != mine:
        raise ValueError(
            f"search {search.study_name} in {_shown(places.suggestions)} belongs to the state "
            f"folder {known.get(_WHERE, 'of another driver')}: give that --state, or another "
            "database"
        )
    search.set_user_attr(_OWNER, mine)
    search.set_user_attr(_WHERE, f"{socket.gethostname()}:{places.state}")
    return search


def _mark(state: Path) -> str:
    file = state / _MARK
    with contextlib.suppress(FileExistsError), file.open("x", encoding="utf-8") as new:
        new.write(uuid.uuid4().hex)
    return file.read_text(encoding="utf-8")


def unanswered(error: Exception) -> ValueError:
    """Return the sentence about a database that has failed."""
    why = str(error.__cause__ or error).strip().splitlines()[0]
    return ValueError(f"Optuna's database does not answer: {why}")


def _shown(url: str) -> str:
    """Return it without its password."""
    return make_url(url).render_as_string(hide_password=True)

"""Optuna's operations as lines of a file beside the journal.

Its format is that of Optuna's own journal, which reads it (optuna-dashboard does so).

A suggestion with its outcome costs a third of what it does in Optuna's own file, which
locks and synchronises at every line, and a tenth of SQLite's: the writer is one, the driver that
holds the state folder.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from optuna.storages.journal import BaseJournalBackend

from sweeps.record.journal import Unwritable, cut_torn_line, read_events


class SuggestionLog(BaseJournalBackend):
    """Lines on disk; torn by a crash, the last one never was.

    One storage reads it, from its beginning to its end: what was read, memory need not hold.
    """

    def __init__(self, path: Path, *, reading: bool = False) -> None:
        self._path = path
        if not reading:
            cut_torn_line(path)
        self._unread, self._read = list(read_events(path)), 0

    def read_logs(self, log_number_from: int) -> Iterable[dict[str, Any]]:
        """Return the operations from a number on, which is never below the last one."""
        self._unread, self._read = self._unread[log_number_from - self._read :], log_number_from
        return self._unread

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        """Write operations and flush them.

        Raises:
            Unwritable: The disk does not take them.
        """
        lines = [json.dumps(log) for log in logs]
        try:
            with self._path.open("a", encoding="utf-8") as stream:
                stream.write("".join(f"{line}\n" for line in lines))
        except OSError as error:
            raise Unwritable(self._path, error) from None
        self._unread += map(json.loads, lines)  # as another driver would read them

"""Where things lie: checkpoints and files, databases and journal, and the tracking server."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

DEFAULT_STORAGE = "runs"
_DATABASES = ("sqlite:", "postgresql", "mysql", "mssql")
"""Tracking URIs without a server, under which MLflow leaves it to us where artifacts lie."""


@dataclass(frozen=True)
class Places:
    """The resolved places of a command."""

    storage: str
    """Absolute path or URL: checkpoints and artifacts, seen by every node."""
    state: Path
    """Folder on the driver's disk: journal and databases."""
    tracking_uri: str
    artifacts: str | None
    """Where MLflow keeps artifacts, None when its server decides."""
    suggestions: str
    """What Optuna has suggested to the searches, and was told: a file, or a database's URL."""

    @property
    def served(self) -> bool:
        """Whether a server keeps the record: it answers, or it does not; we make none."""
        return self.artifacts is None

    def folder(self, study: str) -> Path:
        """Return the folder of a study's tables, plots and recipe."""
        return self.state / "studies" / study

    @property
    def trials(self) -> Path:
        """What `sweeps logs` writes, so that a trial can be trained alone."""
        return self.state / "trials"


def checkpoint_folder(storage: str) -> str:
    """Return the path or URL of the checkpoints."""
    return f"{storage.rstrip('/')}/checkpoints"


def checkpoint_url(storage: str, trial: str) -> str:
    """Return the path or URL of a trial's checkpoint."""
    return f"{checkpoint_folder(storage)}/{trial}.pt"


def resolve_places(
    storage: str = DEFAULT_STORAGE, state: Path | None = None, tracking_uri: str | None = None,
    optuna_uri: str | None = None,
) -> Places:  # fmt: skip
    """Resolve the options; nothing is made yet.

    Raises:
        ValueError: A remote storage without a state folder and a tracking server of its own.
    """
    if _remote(storage) and (state is None or tracking_uri is None):
        raise ValueError(
            f"--storage {storage} is remote: databases cannot lie there; give --state (a local "
            "folder) and --tracking-uri as well"
        )
    if not _remote(storage):
        storage = str(_on_disk(storage))
    state = state_folder(storage, state)
    database = f"sqlite:///{state / 'mlflow.db'}"
    tracking_uri = tracking_uri or database
    served = not tracking_uri.startswith(_DATABASES)
    artifacts = None if served else f"{storage}/artifacts"
    suggestions = optuna_uri or str(state / "optuna.jsonl")
    return Places(storage, state, tracking_uri, artifacts, suggestions)


def state_folder(storage: str = DEFAULT_STORAGE, state: Path | None = None) -> Path:
    """Return the folder of journal and databases.

    Raises:
        ValueError: The storage is remote, and no folder is given.
    """
    if state is None and _remote(storage):
        raise ValueError(f"--storage {storage} is remote: give --state, the folder of the journal")
    return state.absolute() if state else _on_disk(storage)


def _remote(storage: str) -> bool:
    return "://" in storage and not storage.startswith("file://")


def _on_disk(storage: str) -> Path:
    return Path(storage.removeprefix("file://")).absolute()


def make_writable(places: Places) -> None:
    """Make the local folders; none of them if one cannot be written.

    Raises:
        ValueError: One cannot.
    """
    check_writable(places)
    for folder in _local(places):
        folder.mkdir(parents=True, exist_ok=True)


def check_writable(places: Places) -> None:
    """See that the local folders can be written, or made; nothing is left behind.

    Raises:
        ValueError: One cannot.
    """
    for folder in _local(places):
        there = next(path for path in (folder, *folder.parents) if path.exists())
        try:
            tempfile.TemporaryFile(dir=there).close()
        except OSError as error:
            raise ValueError(
                f"cannot write {folder}: {error.strerror}; give another --storage or --state"
            ) from None


def _local(places: Places) -> set[Path]:
    local = "://" not in places.storage
    return {places.state, Path(places.storage)} if local else {places.state}

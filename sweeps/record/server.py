"""MLflow's server for a record: on loopback, or further with a password of its own."""

import getpass
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

LOOPBACK = "127.0.0.1"
USER = "admin"
_START_SECONDS = 180.0
_PERIOD = 0.5
_OURS = 0o077
"""What is made is for its owner's eyes alone: it has passwords, hashed or not."""


@dataclass(frozen=True)
class Server:
    """One server, at work or not yet.

    Args:
        folder: Of its database, its log and, if it has them, its secrets.
        host: The address that it listens at.
        port: The port there.
        artifacts: Path or URL where it keeps what runs log; the folder by default.
    """

    folder: Path
    host: str = LOOPBACK
    port: int = 5000
    artifacts: str | None = None

    @property
    def uri(self) -> str:
        """What is given as ``--tracking-uri``."""
        return f"http://{self.host}:{self.port}"

    @property
    def log(self) -> Path:
        """What the server prints."""
        return self.folder / "server.log"

    @property
    def password(self) -> Path | None:
        """The file of the password that it asks for; None where only this machine reaches it."""
        return None if self.host == LOOPBACK else self.folder / "password"

    def answers(self) -> bool:
        """Whether an MLflow is there, ours or another."""
        try:
            with urllib.request.urlopen(f"{self.uri}/health", timeout=2) as reply:
                return bool(reply.read() == b"OK")
        except (urllib.error.URLError, OSError):
            return False

    def start(self) -> None:
        """Start it, apart from this process and its terminal, and wait until it answers.

        Raises:
            ValueError: It ends at once, or a password is wanted and cannot be asked for.
        """
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        environment = os.environ | self._environment()
        with self.log.open("wb") as log:
            process = subprocess.Popen(
                self._command(), env=environment, cwd=self.folder,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, umask=_OURS,
                start_new_session=True,
            )  # fmt: skip
        end = time.monotonic() + _START_SECONDS
        while not self.answers():
            if process.poll() is not None or time.monotonic() > end:
                raise ValueError(
                    f"MLflow does not answer at {self.uri}: see {self.log}; if something else "
                    "listens there, give another --port"
                )
            time.sleep(_PERIOD)

    def _command(self) -> list[str]:
        """Return the command: nothing in it is secret, everybody on a machine can read it."""
        artifacts = self.artifacts or str(self.folder / "artifacts")
        return [
            sys.executable, "-m", "mlflow", "server", "--host", self.host, "--port", str(self.port),
            "--workers", "1", "--backend-store-uri", f"sqlite:///{self.folder / 'mlflow.db'}",
            "--artifacts-destination", artifacts,
            *(["--app-name", "basic-auth"] if self.password else []),
        ]  # fmt: skip

    def _environment(self) -> dict[str, str]:
        """Return what the server is told, with its secrets if it has some."""
        told = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
        if not self.password:
            return told
        if not find_spec("flask_wtf"):
            raise ValueError("a password wants `pip install 'mlflow[auth]'`")
        settings = self.folder / "auth.ini"
        settings.write_text(
            "[mlflow]\n"
            "default_permission = NO_PERMISSIONS\n"
            f"database_uri = sqlite:///{self.folder / 'users.db'}\n"
            f"admin_username = {USER}\n"
            "authorization_function = mlflow.server.auth:authenticate_request_basic_auth\n",
            encoding="utf-8",
        )
        return told | {
            "MLFLOW_AUTH_CONFIG_PATH": str(settings),
            "MLFLOW_AUTH_ADMIN_PASSWORD": _secret(self.password),
            "MLFLOW_FLASK_SERVER_SECRET_KEY": _secret(self.folder / "session-key"),
        }


def way_in(uri: str) -> str | None:
    """Return how a server is reached from another machine than its own; None where it just is."""
    where = urlsplit(uri)
    if where.hostname not in (LOOPBACK, "localhost"):
        return None
    forward = f"ssh -N -L {where.port}:{LOOPBACK}:{where.port}"
    return (
        f"`ray attach -p {where.port} CLUSTER.yaml`, or `{forward} "
        f"{getpass.getuser()}@{socket.gethostname()}`"
    )


def _secret(file: Path) -> str:
    """Return what is in a file; something new where there is none."""
    if not file.exists():
        file.touch(mode=0o666 & ~_OURS)  # before anything is in it
        file.write_text(secrets.token_urlsafe(24), encoding="utf-8")
    return file.read_text(encoding="utf-8").strip()

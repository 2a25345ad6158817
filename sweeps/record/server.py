"""MLflow's server for a record: on loopback, or further with a password of its own."""

import getpass
import http
import http.client
import ipaddress
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

from sweeps.record.server_process import at_work, hold, note

LOOPBACK = "127.0.0.1"
USER = "admin"
_START_SECONDS = 180.0
_PERIOD = 0.5
_ASK_SECONDS = 10
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
        return f"http://{_bracketed(self.host)}:{self.port}"

    @property
    def log(self) -> Path:
        """What the server prints."""
        return self.folder / "server.log"

    @property
    def password(self) -> Path | None:
        """The file of the password that it asks for; None where only this machine reaches it."""
        return None if is_loopback(self.host) else self.folder / "password"

    def answers(self) -> bool:
        """Whether an MLflow is there, ours or another."""
        try:
            with urllib.request.urlopen(f"{self.uri}/health", timeout=2) as reply:
                return bool(reply.read() == b"OK")
        except (http.client.HTTPException, OSError):
            return False

    def check_password(self) -> None:
        """See that whoever answers asks for the password, where one is wanted.

        It is told to nobody for that: whoever answers may be somebody else.

        Raises:
            ValueError: It asks for none, or is another server than the one over this folder.
        """
        if self.password is None:
            return
        if self._status_of_a_stranger() != http.HTTPStatus.UNAUTHORIZED:
            raise ValueError(
                f"the MLflow that answers at {self.uri} asks nobody for a password: end it, or "
                "give another --port"
            )
        server = at_work(self.folder)
        if server is None or server.uri != self.uri:
            raise ValueError(
                f"the MLflow that answers at {self.uri} was not started over {self.folder}, and "
                "has a password of its own: give its --folder, or another --port"
            )

    def _status_of_a_stranger(self) -> int:
        """Return the HTTP status that a question for its experiments comes to."""
        asked = f"{self.uri}/api/2.0/mlflow/experiments/search?max_results=1"
        try:
            with urllib.request.urlopen(asked, timeout=_ASK_SECONDS) as reply:
                return int(reply.status)
        except urllib.error.HTTPError as error:
            with error:
                return error.code
        except (http.client.HTTPException, OSError) as error:
            raise ValueError(f"MLflow at {self.uri} does not answer: {error}") from None

    def start(self) -> None:
        """Start it, apart from this process and its terminal, and wait until it answers.

        Raises:
            ValueError: It ends at once, one is at work on its folder already, the folder cannot be
                written, or a password is wanted and cannot be asked for.
        """
        with hold(self.folder) as lock, self.log.open("wb") as log:
            process = subprocess.Popen(
                self._command(), env=os.environ | self._environment(), cwd=self.folder,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, umask=_OURS,
                start_new_session=True, pass_fds=[lock.fileno()],
            )  # fmt: skip
            note(lock, process.pid, self.uri)
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
    if not is_loopback(where.hostname or ""):
        return None
    forward = f"ssh -N -L {where.port}:{_bracketed(where.hostname or '')}:{where.port}"
    return (
        f"`ray attach -p {where.port} CLUSTER.yaml`, or `{forward} "
        f"{getpass.getuser()}@{socket.gethostname()}`"
    )


def is_loopback(host: str) -> bool:
    """Whether an address or a name leads to this machine alone."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost"
    mapped = address.ipv4_mapped if address.version == 6 else None
    return (mapped or address).is_loopback


def _bracketed(host: str) -> str:
    """Return a host as it stands in a URL."""
    return f"[{host}]" if ":" in host else host


def _secret(file: Path) -> str:
    """Return what is in a file; something new where there is none."""
    if not file.exists():
        file.touch(mode=0o666 & ~_OURS)  # before anything is in it
        file.write_text(secrets.token_urlsafe(24), encoding="utf-8")
    return file.read_text(encoding="utf-8").strip()

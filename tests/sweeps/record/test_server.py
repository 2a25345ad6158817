import stat
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from sweeps.record import server as module
from sweeps.record.server import Server, way_in
from sweeps.record.server_process import hold, note


class Healthy(BaseHTTPRequestHandler):
    """What MLflow says of its health; a subclass says something else."""

    says = b"OK"

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.says)

    def log_message(self, *_: object) -> None:
        """Be silent."""


@pytest.fixture
def listening(request: pytest.FixtureRequest) -> Iterator[int]:
    with HTTPServer(("127.0.0.1", 0), request.param) as there:
        Thread(target=there.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield there.server_port
        there.shutdown()


class Another(Healthy):
    says = b"welcome"


@pytest.mark.parametrize(("listening", "known"), [(Healthy, True), (Another, False)],
                         indirect=["listening"])  # fmt: skip
def test_knows_an_mlflow_that_answers(tmp_path: Path, listening: int, known: bool) -> None:
    assert Server(tmp_path, port=listening).answers() is known


def test_on_loopback_it_asks_for_nothing(tmp_path: Path) -> None:
    server = Server(tmp_path / "mlflow")
    command = server._command()
    assert server.password is None
    assert "basic-auth" not in command
    assert command[command.index("--host") + 1] == "127.0.0.1"
    assert f"sqlite:///{tmp_path}/mlflow/mlflow.db" in command
    assert server._environment() == {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}


def test_elsewhere_it_asks_for_a_password_that_only_its_owner_reads(tmp_path: Path) -> None:
    server = Server(tmp_path, "192.168.1.10", 5001)
    told = server._environment()
    assert server.password is not None
    password = server.password.read_text()
    assert told["MLFLOW_AUTH_ADMIN_PASSWORD"] == password
    assert len(password) >= 32
    for file in (server.password, tmp_path / "session-key"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    command = server._command()
    assert command[command.index("--app-name") + 1] == "basic-auth"
    assert password not in " ".join(command), "everybody on a machine reads commands"
    assert "default_permission = NO_PERMISSIONS" in (tmp_path / "auth.ini").read_text()
    assert Server(tmp_path, "10.0.0.1")._environment() == told, "started again, it asks for another"


def test_a_password_wants_what_asks_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "find_spec", lambda _: None)
    with pytest.raises(ValueError, match=r"pip install 'mlflow\[auth\]'"):
        Server(tmp_path, "192.168.1.10").start()


@pytest.mark.parametrize("host", ["127.0.0.1", "127.3.0.1", "::1", "localhost"])
def test_what_only_this_machine_reaches_asks_for_nothing(tmp_path: Path, host: str) -> None:
    server = Server(tmp_path, host)
    assert server.password is None
    server.check_password()
    at = "[::1]" if host == "::1" else host
    assert server.uri == f"http://{at}:5000"
    way = way_in(server.uri)
    assert way is not None
    assert "ray attach -p 5000 CLUSTER.yaml" in way
    assert f"ssh -N -L 5000:{at}:5000 " in way


@pytest.mark.parametrize("host", ["192.168.1.10", "0.0.0.0", "::", "2001:db8::1", "head"])
def test_what_others_reach_asks_for_a_password(tmp_path: Path, host: str) -> None:
    server = Server(tmp_path, host)
    assert server.password == tmp_path / "password"
    assert way_in(server.uri) is None


class Guarded(Healthy):
    """Lets nobody in."""

    def do_GET(self) -> None:
        assert "Authorization" not in self.headers, "it may be a stranger's"
        self.send_response(200 if self.path == "/health" else 401)
        self.end_headers()
        self.wfile.write(self.says)


@pytest.mark.parametrize(
    ("listening", "started", "said"),
    [
        (Healthy, True, "asks nobody for a password"),
        (Guarded, True, ""),
        (Guarded, False, "was not started over"),
    ],
    indirect=["listening"],
)
def test_one_that_answers_elsewhere_must_ask_for_its_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, listening: int, started: bool, said: str
) -> None:
    monkeypatch.setattr(module, "is_loopback", lambda _: False)
    server = Server(tmp_path, port=listening)
    assert server.answers()
    (tmp_path / "password").write_text("secret")
    with hold(tmp_path) as lock:
        note(lock, 1, server.uri if started else "http://192.168.1.10:5001")
        if said:
            with pytest.raises(ValueError, match=said):
                server.check_password()
        else:
            server.check_password()


def test_says_where_to_look_when_it_ends_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing = [sys.executable, "-S", "-c", "import sys; sys.exit('the port is taken')"]
    monkeypatch.setattr(Server, "_command", lambda _: failing)
    server = Server(tmp_path / "mlflow", port=9)
    with pytest.raises(ValueError, match=r"does not answer .*server\.log"):
        server.start()
    assert "the port is taken" in server.log.read_text()
    assert stat.S_IMODE(server.folder.stat().st_mode) == 0o700

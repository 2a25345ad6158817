import socket
import subprocess
import sys
from pathlib import Path

import pytest

from sweeps.cluster.processes import GUARDED, listeners
from sweeps.record.server import Server
from tests.sweeps.commands.command_line import call, refuse


def test_starts_it_once_and_says_how_to_use_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[Server] = []
    checked: list[Server] = []
    monkeypatch.setattr(Server, "start", lambda server: started.append(server))
    monkeypatch.setattr(Server, "answers", lambda server: server in started)
    monkeypatch.setattr(Server, "check_password", lambda server: checked.append(server))
    words = [
        "serve",
        "--folder",
        str(tmp_path),
        "--host",
        "192.168.1.10",
        "--artifacts",
        "s3://b/a",
    ]
    first, second = (call(*words).output for _ in range(2))
    assert started == [Server(tmp_path, "192.168.1.10", 5000, "s3://b/a")]
    assert "MLflow answers at http://192.168.1.10:5000" in first
    assert f"MLFLOW_TRACKING_PASSWORD=$(cat {tmp_path}/password)" in first
    assert second == "MLflow already answers at http://192.168.1.10:5000\n"
    assert checked == started * 2


def test_on_loopback_there_is_no_password_to_tell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Server, "start", lambda _: None)
    monkeypatch.setattr(Server, "answers", lambda _: False)
    said = call("serve", "--folder", tmp_path).output
    assert "http://127.0.0.1:5000" in said
    assert "password" not in said
    assert "ray attach -p 5000" in said


def test_one_that_lets_everybody_in_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Server, "answers", lambda _: True)
    monkeypatch.setattr(Server, "_status_of_a_stranger", lambda _: 200)
    refuse(tmp_path, "asks nobody for a password ... --port",
           "serve", "--folder", tmp_path, "--host", "192.168.1.10")  # fmt: skip


def test_it_is_ended_by_its_folder(tmp_path: Path) -> None:
    said = call("serve", "--stop", "--folder", tmp_path)
    assert (said.exit_code, said.output) == (0, f"no server over {tmp_path} is at work\n")
    refuse(tmp_path, "give it --folder alone", "serve", "--stop", "--port", "5000")


def typed(*words: object) -> str:
    """Type it; return what it prints, an error too."""
    done = subprocess.run(
        [sys.executable, "-m", "sweeps", "serve", *map(str, words)],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == (2 if done.stderr else 0), done.stderr
    return done.stdout + done.stderr


@pytest.mark.slow
def test_a_server_from_start_to_end(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    here = ("--folder", tmp_path, "--port")
    try:
        assert "MLflow answers at" in typed(*here, port)
        assert "MLflow already answers at" in typed(*here, port)
        assert "is at work already (process " in typed(*here, port + 1)
    finally:
        assert typed("--stop", "--folder", tmp_path).endswith(" has ended\n")
    assert not Server(tmp_path, port=port).answers()
    assert "is at work" in typed("--stop", "--folder", tmp_path)


@pytest.mark.slow
def test_a_server_that_asks_for_its_password(tmp_path: Path) -> None:
    """At all addresses of this machine, of which one is not its loopback."""
    pytest.importorskip("flask_wtf")
    with socket.create_server(("0.0.0.0", 0)) as free:
        port = free.getsockname()[1]
    mine, others = (("--folder", tmp_path / name, "--host", "0.0.0.0", "--port", port)
                    for name in ("mine", "others"))  # fmt: skip
    try:
        assert f"$(cat {tmp_path}/mine/password)" in typed(*mine)
        assert "MLflow already answers at" in typed(*mine)
        assert "was not started over" in typed(*others)
        served = [each for each in listeners() if each["port"] == port]
        assert [each["service"] for each in served] == [GUARDED]
    finally:
        typed("--stop", "--folder", tmp_path / "mine")
    assert not Server(tmp_path, port=port).answers()

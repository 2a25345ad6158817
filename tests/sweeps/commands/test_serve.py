from pathlib import Path

import pytest

from sweeps.record.server import Server
from tests.sweeps.commands.command_line import call


def test_starts_it_once_and_says_how_to_use_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[Server] = []
    monkeypatch.setattr(Server, "start", lambda server: started.append(server))
    monkeypatch.setattr(Server, "answers", lambda server: server in started)
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


def test_on_loopback_there_is_no_password_to_tell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Server, "start", lambda _: None)
    monkeypatch.setattr(Server, "answers", lambda _: False)
    said = call("serve", "--folder", tmp_path).output
    assert "http://127.0.0.1:5000" in said
    assert "password" not in said
    assert "ray attach -p 5000" in said

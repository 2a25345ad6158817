from pathlib import Path

import pytest

from sweeps.record.places import check_writable, make_writable, resolve_places


def test_all_lies_in_the_storage_by_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    places = resolve_places()
    assert places.storage == str(tmp_path / "runs")
    assert places.state == tmp_path / "runs"
    assert places.tracking_uri == f"sqlite:///{tmp_path}/runs/mlflow.db"
    assert places.suggestions == str(tmp_path / "runs" / "optuna.jsonl")
    assert places.artifacts == f"{tmp_path}/runs/artifacts"
    assert places.folder("losses") == tmp_path / "runs" / "studies" / "losses"
    assert list(tmp_path.iterdir()) == []  # resolving makes nothing


def test_a_state_of_its_own_holds_the_databases(tmp_path: Path) -> None:
    places = resolve_places(f"file://{tmp_path}/shared", tmp_path / "mine")
    assert places.storage == f"{tmp_path}/shared"
    assert places.tracking_uri == f"sqlite:///{tmp_path}/mine/mlflow.db"
    assert places.artifacts == f"{tmp_path}/shared/artifacts"


def test_a_server_decides_where_its_artifacts_lie_a_database_does_not(tmp_path: Path) -> None:
    served = resolve_places(str(tmp_path), None, "http://127.0.0.1:5000")
    assert served.served
    assert served.artifacts is None
    database = resolve_places(str(tmp_path), None, "sqlite:////elsewhere.db")
    assert database.tracking_uri == "sqlite:////elsewhere.db"
    assert not database.served
    assert database.artifacts == f"{tmp_path}/artifacts"


def test_a_remote_storage_needs_state_and_server(tmp_path: Path) -> None:
    for state, uri in [(None, None), (tmp_path, None), (None, "http://127.0.0.1:5000")]:
        with pytest.raises(ValueError, match=r"is remote.*--state.*--tracking-uri"):
            resolve_places("s3://bucket/runs", state, uri)
    places = resolve_places("s3://bucket/runs", tmp_path, "http://127.0.0.1:5000")
    assert places.storage == "s3://bucket/runs"


def test_folders_are_made_and_no_probe_is_left(tmp_path: Path) -> None:
    make_writable(resolve_places(str(tmp_path / "storage"), tmp_path / "state"))
    assert sorted(tmp_path.rglob("*")) == [tmp_path / "state", tmp_path / "storage"]


def test_looking_whether_places_can_be_written_leaves_nothing(tmp_path: Path) -> None:
    check_writable(resolve_places(str(tmp_path / "new" / "storage"), tmp_path / "state"))
    assert list(tmp_path.iterdir()) == []


def test_an_unwritable_place_is_a_sentence_and_the_other_is_not_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for storage, state in [("file", None), ("file/below", None), ("storage", tmp_path / "file")]:
        with pytest.raises(ValueError, match=r"cannot write .*file.*; give another --storage"):
            make_writable(resolve_places(str(tmp_path / storage), state))
    with pytest.raises(ValueError, match="cannot write /proc/sweeps"):
        make_writable(resolve_places("/proc/sweeps"))
    assert [path.name for path in tmp_path.iterdir()] == ["file"]

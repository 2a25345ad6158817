from pathlib import Path

import pytest
import ray

from sweeps.execution import shared_storage


def test_all_nodes_look_at_once_and_the_blind_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One after another, each with a worker to start, 200 nodes would take minutes."""
    happened: list[str] = []

    def look(mark: str, node: dict[str, str]) -> str:
        assert Path(mark).exists(), "nothing to see yet, or no more"
        happened.append("asked")
        return node["NodeName"]

    def seen(name: str) -> bool:
        happened.append("answered")
        return name != "blind"

    names = ("head", "blind", "worker")
    monkeypatch.setattr(shared_storage, "_nodes", lambda: [{"NodeName": name} for name in names])
    monkeypatch.setattr(shared_storage, "_look", look)
    monkeypatch.setattr(ray, "get", seen)
    with pytest.raises(ValueError, match="is not seen by blind: checkpoints would be lost"):
        shared_storage.check_shared(str(tmp_path))
    assert happened == ["asked"] * 3 + ["answered"] * 3
    assert not list(tmp_path.iterdir())

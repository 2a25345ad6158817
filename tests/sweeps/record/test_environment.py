import subprocess
from pathlib import Path

import pytest

from sweeps.record import environment


def test_the_environment_names_versions_and_node() -> None:
    found = environment.environment()
    assert set(environment.PACKAGES) | {"git_commit", "node"} == set(found)
    assert environment.processor()


def test_the_commit_is_ours_or_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As when a virtual environment with this package lies in somebody else's repository."""
    package = tmp_path / ".venv" / "site-packages" / "sweeps" / "record"
    package.mkdir(parents=True)
    monkeypatch.setattr(environment, "__file__", str(package / "environment.py"))
    assert environment.git_commit() is None
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-C", str(tmp_path)]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "theirs"], check=True)
    assert environment.git_commit() is None
    monkeypatch.setattr(
        environment, "__file__", str(tmp_path / "sweeps" / "record" / "environment.py")
    )
    (tmp_path / "sweeps" / "record").mkdir(parents=True)
    assert len(environment.git_commit() or "") == 40
    assert environment.git_changes() == ""
    (tmp_path / "sweeps" / "new.py").write_text("ONE = 1\n")
    subprocess.run([*git, "add", "."], check=True)
    assert "+ONE = 1" in environment.git_changes()

"""Pythons that are asked as machines are."""

import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from sweeps.cluster.connection import Piped
from tests.sweeps.cluster.healthy import python_here


@pytest.fixture
def piped() -> Iterator[Callable[[Sequence[str]], Piped]]:
    """Starts Pythons that answer, and ends them."""
    begun: list[Piped] = []

    def begin(command: Sequence[str] = python_here(sys.executable)) -> Piped:
        begun.append(Piped(command))
        return begun[-1]

    yield begin
    for each in begun:
        each.close()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with a private token, from which Pythons are started."""
    token = tmp_path / ".ray" / "auth_token"
    token.parent.mkdir()
    token.write_text("a secret")
    token.chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("RAY_AUTH_MODE", "RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from sweeps.execution import shared_storage


def answering(monkeypatch: pytest.MonkeyPatch, **answers: bool) -> None:
    """Let there be nodes a, b and c, of which some answer; c leaves meanwhile."""
    nodes = {"a": "head", "b": "worker", "c": "spot"}

    def ask_nodes(asked: Iterable[str], look: Callable[[], bool], _: float) -> dict[str, bool]:
        assert list(asked) == ["a", "b", "c"]
        assert look(), "there is nothing to see yet, or no more"
        del nodes["c"]
        return answers

    monkeypatch.setattr(shared_storage, "_nodes", lambda: dict(nodes))
    monkeypatch.setattr(shared_storage, "ask_nodes", ask_nodes)


@pytest.mark.parametrize("answers", [{"a": True, "b": False, "c": True}, {"a": True}])
def test_who_does_not_see_it_or_does_not_answer_is_named(
    answers: dict[str, bool], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering(monkeypatch, **answers)
    with pytest.raises(ValueError, match="is not seen by worker: checkpoints would be lost"):
        shared_storage.check_shared(str(tmp_path))
    assert not list(tmp_path.iterdir())


def test_a_node_that_has_left_need_not_see_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering(monkeypatch, a=True, b=True)
    shared_storage.check_shared(str(tmp_path))
    assert not list(tmp_path.iterdir())

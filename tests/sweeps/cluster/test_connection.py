from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sweeps.cluster.connection import Piped, Refused, Silent, clock_of, facts_of, python_there


class Late:
    """A machine ten seconds ahead, whose answers take different times on their way."""

    def __init__(self, trips: list[tuple[float, float]]) -> None:
        self.now, self._trips = 1000.0, iter(trips)

    def time(self) -> float:
        return self.now

    def ask(self, question: str, *_: Any) -> float:
        there, back = next(self._trips)
        self.now += there
        seen = self.now + 10
        self.now += back
        return seen


def trips() -> Iterator[tuple[float, float]]:
    yield from [(3.0, 1.0), (0.1, 0.2), (0.0, 2.0), (1.0, 1.0), (0.5, 0.0)]


def test_the_quickest_answer_tells_the_time() -> None:
    machine = Late(list(trips()))
    found = clock_of(machine, machine.time)
    assert found.uncertainty == pytest.approx(0.15)
    assert found.ahead == pytest.approx(9.95), "it looked a little before the middle"
    assert abs(found.ahead - 10) <= found.uncertainty


# ---------------------------------------------------------------------- silence


def test_a_machine_that_hangs_up(piped: Callable[..., Piped]) -> None:
    with pytest.raises(Silent, match="No route to host"):
        piped(["sh", "-c", "echo 'No route to host' >&2"]).ask("clock")


def test_one_that_never_answers(
    piped: Callable[..., Piped], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sweeps.cluster.connection.PATIENCE", 0.2)
    with pytest.raises(Silent, match="no answer within"):
        piped(["sleep", "60"]).ask("clock")


AS_SSH = ["setsid", "sh", "-c"]
"""Types a line without a terminal."""


@pytest.mark.parametrize(
    ("profile", "patience", "said"),
    [
        ("echo loading >&2; exec sleep 60", 2, "no answer within"),
        ("exit 3", 60, "it ends without a word"),
        ("echo 'module: no such thing' >&2; exit 3", 60, "module: no such thing"),
        ("PATH=/none", 60, "exec: : not found"),
    ],
)
def test_a_login_that_does_not_come_to_its_python(
    home: Path,
    piped: Callable[..., Piped],
    monkeypatch: pytest.MonkeyPatch,
    profile: str,
    patience: float,
    said: str,
) -> None:
    monkeypatch.setattr("sweeps.cluster.connection.PATIENCE", patience)
    (home / ".bash_profile").write_text(f"{profile}\n")
    with pytest.raises(Silent, match=said) as silent:
        facts_of(piped(python_there(AS_SSH)), [])
    assert silent.value.inside


def test_one_that_is_never_reached(piped: Callable[..., Piped]) -> None:
    with pytest.raises(Silent, match="Too many authentication failures") as silent:
        piped(["sh", "-c", "echo 'Too many authentication failures' >&2"]).ask("clock")
    assert not silent.value.inside


def test_one_that_tells_something_else(piped: Callable[..., Piped]) -> None:
    with pytest.raises(Silent):
        facts_of(piped(["sh", "-c", "echo 'sweeps-doctor {\"answer\": 3}'; cat >&2"]), [])


def test_a_refusal_has_the_systems_name(piped: Callable[..., Piped]) -> None:
    with pytest.raises(Refused) as refused:
        piped().ask("write", "/no/such/folder", "text")
    assert refused.value.error == "ENOENT"

"""The chain of phases, asked as Ray Tune asks it."""

import io
import signal
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from ray.exceptions import ActorDiedError
from ray.tune.schedulers import TrialScheduler
from rich.console import Console

from sweeps.execution import chain as chains
from sweeps.execution.chain import Chain, Interrupted, Phase, Recording, Scheduling
from sweeps.execution.faults import CHANCES, Fault, TimedOut
from sweeps.execution.progress import Headline
from sweeps.execution.trial_source import TrialSource
from sweeps.record.journal import TrialRecord, Unwritable


class Source:
    """Hands out names, and knows which of them have come to their end."""

    def __init__(self, *names: str, slots: int = 2) -> None:
        self.waiting, self.slots = deque(names), slots
        self.handed_out: list[str] = []
        self.live: list[str] = []
        self.lost_trials: set[str] = set()
        self.exhausted = False

    def next_trial(self, template: object) -> Any:
        assert template == "the template"
        if len(self.live) == self.slots:
            return None
        if not self.waiting:
            self.exhausted = True
            return None
        name = self.waiting.popleft()
        self.handed_out.append(name)
        self.live.append(name)
        return name

    def on_trial_complete(self, name: str) -> None:
        self.live.remove(name)

    @property
    def over(self) -> bool:
        return self.exhausted and not self.live

    def settled(self, name: str) -> bool:
        return name not in self.lost_trials

    def told(self) -> str:
        return "they waited" if "c" in self.handed_out else ""


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    monkeypatch.setattr(chains, "Template", lambda _: "the template")
    return io.StringIO()


def phase(said: io.StringIO, title: str, source: Source, reused: int = 0) -> Phase:
    trials = len(source.waiting) + reused
    headline = Headline(Console(file=said), title, trials, reused)

    def begin() -> tuple[TrialSource, TrialScheduler | None]:
        return cast(TrialSource, source), None

    return Phase(begin, headline)


def started(phases: Iterator[Phase]) -> Chain:
    chain = Chain(phases, cast(Any, None), cast(Any, None))
    assert chain.find()
    chain.add_configurations("an experiment")
    return chain


def test_a_phase_begins_when_all_trials_of_the_last_have_ended(said: io.StringIO) -> None:
    first, second = Source("a", "b", "c"), Source("d")
    chain = started(iter([phase(said, "search", first), phase(said, "ablation", second)]))
    assert [chain.next_trial() for _ in range(3)] == ["a", "b", None]
    chain.on_trial_complete("a")
    assert chain.next_trial() == "c"
    chain.on_trial_complete("b")
    assert chain.next_trial() is None
    assert not chain.is_finished()
    chain.on_trial_complete("c")
    assert chain.next_trial() == "d"
    chain.on_trial_complete("d")
    assert chain.next_trial() is None
    assert chain.is_finished()
    assert chain.done
    assert said.getvalue().splitlines() == [
        "search: 3 trials", "  they waited", "ablation: 1 trials"
    ]  # fmt: skip


def test_a_phase_is_made_of_what_the_last_one_gave(said: io.StringIO) -> None:
    first = Source("a")

    def phases() -> Iterator[Phase]:
        yield phase(said, "search", first)
        yield phase(said, "ablation", Source(*(f"{name} again" for name in first.handed_out)))

    chain = started(phases())
    chain.next_trial()
    chain.on_trial_complete("a")
    assert chain.next_trial() == "a again"


def test_what_is_done_is_told_and_passed_over(said: io.StringIO) -> None:
    done = phase(said, "search", Source(), reused=4)
    chain = started(iter([done, phase(said, "ablation", Source("a"), reused=2)]))
    assert chain.next_trial() == "a"
    assert said.getvalue().splitlines() == [
        "search: 4 trials, 4 of them already done",
        "ablation: 3 trials, 2 of them already done",
    ]
    nothing = Chain(iter([done]), cast(Any, None), cast(Any, None))
    assert not nothing.find()
    assert nothing.done


def test_a_trial_that_was_lost_ends_the_chain_and_the_reason_is_kept(said: io.StringIO) -> None:
    first = Source("a")
    chain = started(iter([phase(said, "search", first), phase(said, "ablation", Source("b"))]))
    chain.next_trial()
    first.lost_trials = {"a"}
    chain.recorder.lost.append("Traceback\nOSError: the disk is full")
    chain.on_trial_complete("a")
    assert chain.next_trial() is None
    assert chain.is_finished()
    assert not chain.done
    assert isinstance(chain.error, Interrupted)
    assert str(chain.error) == "OSError: the disk is full"


def test_what_goes_wrong_between_two_phases_waits_until_tune_has_ended(said: io.StringIO) -> None:
    def phases() -> Iterator[Phase]:
        yield phase(said, "search", Source("a"))
        raise ValueError("no trial was trained to its end")

    chain = started(phases())
    chain.next_trial()
    chain.on_trial_complete("a")
    assert chain.next_trial() is None
    assert chain.is_finished()
    assert str(chain.error) == "no trial was trained to its end"


def test_a_record_that_cannot_be_written_ends_the_run_as_a_signal_would(
    said: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain = started(iter([phase(said, "search", Source("a"))]))
    chain.next_trial()

    def refuse(*_: object, **__: object) -> None:
        raise Unwritable(Path("journal.jsonl"), OSError(28, "No space left on device"))

    monkeypatch.setattr(chain.recorder, "on_trial_result", refuse)
    signals: list[int] = []
    before = signal.signal(signal.SIGUSR1, lambda number, _: signals.append(number))
    try:
        for _ in range(2):
            Recording(chain).on_trial_result(0, [], cast(Any, None), {})
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert signals == [signal.SIGUSR1]
    assert isinstance(chain.error, Interrupted)
    assert str(chain.error) == "cannot write journal.jsonl: No space left on device"


def test_a_bug_ends_the_chain_with_its_traceback_once(said: io.StringIO) -> None:
    first = Source("a")
    chain = started(iter([phase(said, "search", first)]))
    chain.next_trial()
    chain.recorder.bug = "Traceback\nRuntimeError: broken"
    chain.on_trial_complete("a")
    assert chain.next_trial() is None
    assert isinstance(chain.error, ValueError)
    told = str(chain.error)
    assert told.count("RuntimeError: broken") == 1
    assert "sweeps retry --failed" in told


class Lossy(Source):
    """Hands out again what it is told to."""

    def __init__(self) -> None:
        super().__init__("a")
        self.again: list[str] = []

    def hand_out_again(self, name: str) -> None:
        self.again.append(name)


def lose(chain: Chain, error: Exception, epochs: int = 0) -> None:
    """Tell a chain as Tune does that the worker of its trial is gone."""
    chain.source.live = {"a": cast(Any, SimpleNamespace(id="a"))}
    results: Any = {epoch: {} for epoch in range(1, epochs + 1)}
    chain.journal = cast(Any, {"a": TrialRecord("a", results=results)})
    trial: Any = SimpleNamespace(trial_id="a", error=error)
    Scheduling(chain, 1).on_trial_error(None, trial)


def test_a_trial_goes_on_with_other_workers_until_its_chances_are_used_up(
    said: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = Lossy()
    chain = started(iter([phase(said, "search", source)]))
    given_up: list[tuple[str, Fault]] = []
    monkeypatch.setattr(chain.recorder, "give_up", lambda *told: given_up.append(told))
    for _ in range(CHANCES):
        lose(chain, ActorDiedError())
    assert (source.again, given_up) == (["a"] * CHANCES, [])
    lose(chain, ActorDiedError(), epochs=1)
    assert len(source.again) == CHANCES + 1, "an epoch has been recorded"
    for _ in range(CHANCES):
        lose(chain, ActorDiedError(), epochs=1)
    ((name, fault),) = given_up
    assert (name, fault.status) == ("a", "interrupted")
    source.live, source.waiting = [], deque()
    assert chain.next_trial() is None
    assert f"Workers lost: {2 * CHANCES} died." in said.getvalue()


def test_a_trial_that_is_out_of_time_goes_on_with_none(
    said: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = Lossy()
    chain = started(iter([phase(said, "search", source)]))
    given_up: list[str] = []
    monkeypatch.setattr(chain.recorder, "give_up", lambda _, fault: given_up.append(fault.status))
    lose(chain, TimedOut("took longer"), epochs=3)
    assert (source.again, given_up) == ([], ["timed_out"])

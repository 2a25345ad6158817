"""What is written down of a trial's news, and when a bug ends a phase."""

import contextlib
import io
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from rich.console import Console

from sweeps.execution.faults import Fault
from sweeps.execution.progress import Headline
from sweeps.execution.recorder import Recorder
from sweeps.record.journal import Journal

ALIKE, OTHER = "Traceback\nRuntimeError: broken", "Traceback\nKeyError: 'x'"


@pytest.fixture
def recorder(tmp_path: Path) -> Iterator[Recorder]:
    source: Any = SimpleNamespace(study="s", lost=False, handed_out=[])
    tracker: Any = SimpleNamespace(changed=lambda _: None)
    with contextlib.closing(Journal(tmp_path)) as journal:
        yield Recorder(source, journal, tracker, cast(Any, None))


def report(recorder: Recorder, trial: str, status: str, reason: str = "", epoch: int = 1) -> None:
    news: dict[str, Any] = {"status": status, "facts": {}, "reason": reason, "done": True}
    news |= {"epoch": epoch, "metrics": {"validation/accuracy": 0.5}}
    recorder.on_trial_result(0, [], cast(Any, SimpleNamespace(trial_id=trial)), news)


def test_a_phase_whose_first_trials_fail_alike_hands_out_no_more(recorder: Recorder) -> None:
    report(recorder, "a", "failed", ALIKE)
    assert not recorder.source.lost
    report(recorder, "b", "failed", ALIKE)
    assert recorder.source.lost
    assert recorder.bug == ALIKE
    assert recorder.journal["b"].status == "failed"


def test_trials_that_fail_otherwise_or_beside_one_that_trains_are_rows(recorder: Recorder) -> None:
    report(recorder, "a", "failed", ALIKE)
    report(recorder, "b", "failed", OTHER)
    report(recorder, "c", "running")
    report(recorder, "d", "failed", ALIKE)
    assert not recorder.source.lost
    assert not recorder.bug


def test_what_trained_before_a_restart_counts_too(recorder: Recorder) -> None:
    report(recorder, "a", "running")
    again = Recorder(recorder.source, recorder.journal, recorder.tracker, recorder.progress)
    report(again, "b", "failed", ALIKE)
    report(again, "c", "failed", ALIKE)
    assert not again.bug


def test_a_full_storage_ends_a_phase_and_is_no_outcome(recorder: Recorder) -> None:
    report(recorder, "a", "interrupted", "cannot write it: No space left on device")
    assert recorder.source.lost
    assert recorder.lost == ["cannot write it: No space left on device"]
    assert not recorder.journal["a"].ended("s")


def test_a_result_comes_with_the_decision_on_it(recorder: Recorder) -> None:
    report(recorder, "a", "running")  # done all the same: the scheduler stopped it
    assert recorder.journal["a"].status == "stopped"
    assert recorder.journal["a"].ended("s")
    assert not recorder.journal["a"].ended("another study")


@pytest.mark.parametrize(("status", "everywhere"), [("out_of_memory", True), ("timed_out", False)])
def test_a_trial_that_is_given_up_for_a_fault_of_its_own_has_an_outcome(
    recorder: Recorder, status: str, everywhere: bool
) -> None:
    """The time that a trial may take is one study's decision."""
    recorder.give_up("a", Fault("killed", "too much", status))
    assert (recorder.journal["a"].status, recorder.journal["a"].reason) == (status, "too much")
    assert recorder.journal["a"].ended("s")
    assert recorder.journal["a"].ended("any study") == everywhere
    assert not recorder.lost


def test_of_a_trial_that_was_lost_the_same_command_goes_on(recorder: Recorder) -> None:
    recorder.give_up("a", Fault("died", "segmentation fault"))
    assert recorder.journal["a"].status == "interrupted"
    assert not recorder.journal["a"].ended("s")
    assert recorder.lost == ["segmentation fault"]


@pytest.mark.parametrize(
    ("larger", "status", "again"), [("It goes on.", "pending", ["a"]), ("", "out_of_memory", [])]
)
def test_a_trial_that_lacked_memory_goes_on_where_there_is_more(
    recorder: Recorder, larger: str, status: str, again: list[str]
) -> None:
    handed, said, source = list[str](), io.StringIO(), cast(Any, recorder.source)
    source.live, source.hand_out_again = {"a": "its spec"}, handed.append
    source.cards = SimpleNamespace(outgrown=lambda *told: larger if told[1] == "node" else None)
    recorder.progress = Headline(Console(file=said), "ablation", 1)
    news = {"status": "out_of_memory", "facts": {}, "reason": "none", "too_small": "node"}
    recorder.on_trial_result(0, [], cast(Any, SimpleNamespace(trial_id="a")), news)
    assert (recorder.journal["a"].status, handed) == (status, again)
    assert said.getvalue().strip() == larger

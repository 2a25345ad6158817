"""A fixed list of trials, handed out as workers come free and are lost."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from sweeps.execution import trial_source
from sweeps.execution.trial_source import PlannedTrials
from sweeps.record.identity import TrialSpec
from sweeps.record.journal import Journal
from tests.sweeps.execution.specs import spec

FIRST, SECOND = spec(seed=0), spec(seed=1)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with contextlib.closing(Journal(tmp_path)) as journal:
        yield journal


@pytest.fixture
def source(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> PlannedTrials:
    def trial(_: object, name: str, config: dict[str, Any], too_small: tuple[str, ...]) -> Any:
        assert too_small == ()
        return SimpleNamespace(trial_id=name, config=config)

    monkeypatch.setattr(trial_source, "LeanTrial", trial)
    return PlannedTrials([FIRST, SECOND], "small", journal, "runs", slots=1)


def handed_out(source: PlannedTrials) -> Any:
    return source.next_trial(cast(Any, None))


def end(source: PlannedTrials, spec: TrialSpec) -> None:
    source.journal.append("outcome", spec.id, status="finished")
    source.on_trial_complete(spec.id)


def test_trials_wait_for_a_free_worker(source: PlannedTrials) -> None:
    assert handed_out(source).trial_id == FIRST.id
    assert handed_out(source) is None
    assert not source.exhausted
    end(source, FIRST)
    assert handed_out(source).trial_id == SECOND.id
    end(source, SECOND)
    assert handed_out(source) is None
    assert source.over


def test_a_trial_without_a_worker_comes_next_and_goes_on(source: PlannedTrials) -> None:
    handed_out(source)
    source.journal.append("result", FIRST.id, epoch=2, status="running", metrics={}, study="small")
    source.hand_out_again(FIRST.id)
    assert handed_out(source) is None, "it has not left its worker yet"
    source.on_trial_complete(FIRST.id)
    again = handed_out(source)
    assert (again.trial_id, again.config["recorded_epochs"]) == (FIRST.id, 2)
    assert source.handed_out == [FIRST.id]


def test_a_phase_is_not_over_while_a_trial_waits_for_another_worker(source: PlannedTrials) -> None:
    handed_out(source)
    end(source, FIRST)
    handed_out(source)
    source.exhausted = True
    source.hand_out_again(SECOND.id)
    source.on_trial_complete(SECOND.id)
    assert not source.over
    assert handed_out(source).trial_id == SECOND.id


def test_when_others_would_fare_no_better_none_is_handed_out_again(source: PlannedTrials) -> None:
    handed_out(source)
    source.hand_out_again(FIRST.id)
    source.on_trial_complete(FIRST.id)
    source.lost = True
    assert handed_out(source) is None
    assert source.over


def test_what_the_record_has_is_not_handed_out(journal: Journal) -> None:
    journal.append("outcome", FIRST.id, status="finished")
    source = PlannedTrials([FIRST, SECOND], "small", journal, "runs", slots=1)
    assert source.next_spec() == SECOND
    assert source.next_spec() is None

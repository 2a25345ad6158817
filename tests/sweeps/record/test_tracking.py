import threading

import pytest

from sweeps.record import tracking
from sweeps.record.journal import Journal
from sweeps.record.mlflow_runs import Runs
from sweeps.record.run_update import DESCRIBED, SPEC, RunUpdate
from tests.sweeps.record.mirrored import Start, only_run, points, until
from tests.sweeps.record.small import metrics, record, spec


def test_a_journal_is_mirrored_while_it_grows(runs: Runs, journal: Journal, start: Start) -> None:
    tracker = start()
    trial = record(journal, spec(), 0.1, 0.2, end="running")
    tracker.changed(trial.id)
    until(lambda: runs.trial(trial.id) and DESCRIBED in only_run(runs).data.tags)
    assert points(runs) == [1, 2]
    run = only_run(runs)
    assert run.info.status == "RUNNING"
    assert run.data.tags["in.small"] == "true"
    assert run.data.params["batch_size"] == "30"

    journal.append(
        "result", trial.id, epoch=3, status="finished", metrics=metrics(3), study="small"
    )
    journal.append("test", trial.id, selection="last", metrics={"accuracy": 0.25})
    tracker.changed(trial.id)
    assert tracker.close("FINISHED", 20)
    run = only_run(runs)
    assert (run.info.status, run.data.tags["status"]) == ("FINISHED", "finished")
    assert points(runs) == [1, 2, 3]
    assert run.data.metrics["test_last/accuracy"] == 0.25
    assert len(runs.curves(run)) == 3
    parent = runs.parent("small")
    assert parent is not None
    assert parent.info.status == "FINISHED"
    assert tracker.problem is None


def test_close_flushes_all_that_is_left(
    runs: Runs, journal: Journal, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tracking, "_INTERVAL", 60.0)  # nothing is written before close
    tracker = start(follow=())
    for seed in range(5):
        tracker.changed(record(journal, spec(seed), 0.1, 0.2, 0.3).id)
    tracker.keep_membership('{"cells": []}')
    assert tracker.close("FINISHED", 30)
    assert [points(runs, seed) for seed in range(5)] == [[1, 2, 3]] * 5
    parent = runs.parent("small")
    assert parent is not None
    assert runs.membership(parent) == {"cells": []}


def test_epochs_of_a_trial_that_goes_on_gather(
    runs: Runs, journal: Journal, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tracking, "_GATHERING", 60.0)
    tracker = start(follow=(0, 1))
    trial, other = record(journal, spec(), 0.1, end="running"), spec(1)
    tracker.changed(trial.id)
    until(lambda: runs.trial(trial.id) and points(runs) == [1])
    record(journal, trial, 0.1, 0.2, end="running")
    tracker.changed(trial.id)
    tracker.changed(record(journal, other, 0.3).id)
    until(lambda: runs.trial(other.id))
    until(lambda: only_run(runs, 1).info.status == "FINISHED")  # what has ended does not wait
    assert points(runs) == [1]
    monkeypatch.setattr(tracking, "_GATHERING", 0.1)
    until(lambda: points(runs) == [1, 2])
    assert tracker.close("FINISHED", 20)


def test_a_planned_trial_has_no_run_before_it_is_handed_out(
    runs: Runs, journal: Journal, start: Start
) -> None:
    tracker = start(follow=(0, 1))
    record(journal, spec(1), 0.1)
    tracker.changed(spec(1).id)
    assert tracker.close("KILLED", 20)
    assert runs.trial(spec(0).id) is None
    assert only_run(runs, 1).info.status == "FINISHED"


@pytest.mark.parametrize("epochs", [0, 2])
def test_close_leaves_no_run_running(
    runs: Runs, journal: Journal, start: Start, epochs: int
) -> None:
    """The driver ends here, so what has not ended is interrupted, whatever ended the driver."""
    tracker = start()
    trial = spec()
    if epochs:
        record(journal, trial, 0.1, 0.2, end="running")
    else:
        journal.append("trial", trial.id, spec=trial.to_json())
        journal.append("started", trial.id, facts={})
    tracker.changed(trial.id)
    until(lambda: runs.trial(trial.id))
    assert tracker.close("KILLED", 20)
    run = only_run(runs)
    assert (run.info.status, run.data.tags["status"]) == ("KILLED", "interrupted")
    assert journal[trial.id].status == "interrupted"
    assert not journal[trial.id].ended("small")
    parent = runs.parent("small")
    assert parent is not None
    assert parent.info.status == "KILLED"


def test_a_trial_that_is_only_planned_has_no_run(
    runs: Runs, journal: Journal, start: Start
) -> None:
    tracker = start()
    trial = spec()
    journal.append("trial", trial.id, spec=trial.to_json())
    tracker.changed(trial.id)
    assert tracker.close("KILLED", 20)
    assert runs.trial(trial.id) is None
    assert journal[trial.id].status == "pending"


def test_an_interrupted_trial_goes_on_in_its_run(
    runs: Runs, journal: Journal, start: Start
) -> None:
    trial = record(journal, spec(), 0.1, 0.2, end="running")
    assert start().close("KILLED", 20)
    first = only_run(runs).info.run_id
    tracker = start()
    journal.append("result", trial.id, epoch=3, status="running", metrics=metrics(3), study="small")
    tracker.changed(trial.id)
    until(lambda: only_run(runs).data.tags["status"] == "running")  # a call's last words
    assert points(runs) == [1, 2, 3]
    assert only_run(runs).info.status == "RUNNING"
    journal.append(
        "result", trial.id, epoch=4, status="finished", metrics=metrics(4), study="small"
    )
    tracker.changed(trial.id)
    assert tracker.close("FINISHED", 20)
    run = only_run(runs)
    assert (run.info.run_id, run.info.status) == (first, "FINISHED")
    assert run.data.metrics["epochs"] == 4
    assert run.data.metrics["final/validation/accuracy"] == metrics(4)["validation/accuracy"]
    assert points(runs) == [1, 2, 3, 4]
    assert len(runs.curves(run)) == 4


def test_one_trial_of_two_studies_is_one_run_with_two_tags(
    runs: Runs, journal: Journal, start: Start
) -> None:
    trial = record(journal, spec(), 0.1, 0.2, 0.3)
    assert start("first").close("FINISHED", 20)
    before = only_run(runs)
    assert start("second").close("FINISHED", 20)
    run = only_run(runs)
    assert run.info.run_id == before.info.run_id
    assert run.info.end_time == before.info.end_time  # nothing was written again but the tag
    assert (run.data.tags["in.first"], run.data.tags["in.second"]) == ("true", "true")
    assert points(runs) == [1, 2, 3]
    assert trial.id == run.data.tags["trial"]


def test_a_trial_stopped_in_one_study_goes_on_for_another(
    runs: Runs, journal: Journal, start: Start
) -> None:
    trial = record(journal, spec(), 0.1, end="stopped", study="first")
    assert start("first").close("FINISHED", 20)
    assert only_run(runs).data.tags["status"] == "stopped"
    record(journal, trial, 0.2, 0.3, study="second", first=2)
    assert start("second").close("FINISHED", 20)
    run = only_run(runs)
    assert (run.info.status, run.data.tags["status"]) == ("FINISHED", "finished")
    assert (points(runs), run.data.metrics["epochs"]) == ([1, 2, 3], 3)


@pytest.mark.parametrize("died_after", ["create_trial", "describe", "log_epochs", "log_end"])
def test_a_restart_completes_a_half_written_mirror(
    runs: Runs,
    journal: Journal,
    start: Start,
    monkeypatch: pytest.MonkeyPatch,
    died_after: str,
) -> None:
    trial = record(journal, spec(), 0.1, 0.2, 0.3)
    journal.append("test", trial.id, selection="last", metrics={"accuracy": 0.3})
    parent = runs.create_parent("small", "?")
    run_id = runs.create_trial(trial.id, trial, parent)
    if died_after != "create_trial":
        runs.write(run_id, RunUpdate().describe(trial))
    if died_after in ("log_epochs", "log_end"):
        runs.client.set_tag(run_id, "in.small", "true")
        runs.write(
            run_id, RunUpdate().epochs([journal[trial.id].results[1], journal[trial.id].results[2]])
        )
    if died_after == "log_end":  # all but its last call
        with monkeypatch.context() as patch:
            patch.setattr(runs.client, "set_terminated", lambda *_: None)
            runs.write(run_id, RunUpdate().end(journal[trial.id]))

    for _ in range(2):
        assert start().close("FINISHED", 20)
    run = only_run(runs)
    assert (run.info.run_id, run.info.status) == (run_id, "FINISHED")
    assert points(runs) == [1, 2, 3]
    assert run.data.params["batch_size"] == "30"
    assert runs.text(run, SPEC)
    assert len(runs.curves(run)) == 3
    assert run.data.metrics["test_last/accuracy"] == 0.3
    assert len(runs.find(kind="study")) == 1


def test_nothing_is_written_twice_when_nothing_is_new(
    runs: Runs, journal: Journal, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(journal, spec(), 0.1, 0.2)
    assert start().close("FINISHED", 20)
    writes: list[str] = []
    for method in ("log_batch", "log_text", "set_tag", "create_run"):
        monkeypatch.setattr(runs.client, method, lambda *_, m=method, **__: writes.append(m))
    assert start().close("FINISHED", 20)
    assert writes == []


def test_a_retired_trial_gets_a_new_run(runs: Runs, journal: Journal, start: Start) -> None:
    trial = record(journal, spec(), 0.1, 0.2)
    assert start().close("FINISHED", 20)
    old = only_run(runs).info.run_id
    tracker = start(follow=())
    tracker.retire(trial.id)
    journal.append("forgotten", trial.id)
    tracker.changed(record(journal, spec(), 0.3, 0.4).id)
    assert tracker.close("FINISHED", 20)
    run = only_run(runs)
    assert run.info.run_id != old
    assert run.data.metrics["final/validation/accuracy"] == 0.4
    assert runs.client.get_run(old).data.tags["kind"] == "superseded"


def test_the_last_membership_is_written_before_the_end(
    runs: Runs, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when it is told while an earlier one is on its way."""
    tracker, entered, go_on = start(), threading.Event(), threading.Event()
    log_text = runs.client.log_text

    def slowly(run_id: str, text: str, path: str) -> None:
        entered.set()
        assert go_on.wait(20)
        log_text(run_id, text, path)

    monkeypatch.setattr(tracker.runs.client, "log_text", slowly)
    tracker.keep_membership("first")
    assert entered.wait(20)
    tracker.keep_membership("second")
    threading.Timer(0.3, go_on.set).start()
    assert tracker.close("FINISHED", 20)
    parent = runs.parent("small")
    assert parent is not None
    assert runs.text(parent, "membership.json") == "second"
    assert parent.info.status == "FINISHED"

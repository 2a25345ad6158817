import json
import shlex
from pathlib import Path

import pytest

from sweeps.record.journal import Journal
from tests.sweeps.commands.command_line import call, refuse, tree
from tests.sweeps.record.recorded import STUDY, cells, mirror
from tests.sweeps.record.small import open_runs, record, spec

TRACEBACK = 'Traceback (most recent call last):\n  File "own.py@1", line 3, in forward\nOops: why'


@pytest.fixture
def failed(state: Path) -> str:
    """A trial that failed after two of three epochs."""
    journal = Journal(state)
    trial = record(journal, spec(), 0.1, 0.2, end="running").id
    journal.append("outcome", trial, status="failed", reason=TRACEBACK)
    mirror(open_runs(state), journal, STUDY, cells()[:1])
    journal.close()
    return trial


def test_a_failed_trial_is_told_with_its_traceback_and_command(state: Path, failed: str) -> None:
    said = call("logs", failed[:7], "--storage", state).stdout
    assert f"\n{TRACEBACK}\n" in said
    told = dict(line.split(maxsplit=1) for line in said.splitlines()[:6])
    assert told["trial"] == failed
    assert told["recipe"].endswith(f"variant {spec().recipe.signature}, seed 0")
    assert told["status"].startswith("failed, 2 of 3 epochs done")
    assert "small, ablation activation = relu (baseline)" in said
    assert "validation/accuracy 0.2" in said
    assert "a processor, here, torch 2.15.0" in said
    run = open_runs(state).trial(failed)
    assert run is not None
    assert run.info.run_id in said
    command = said.splitlines()[-1]
    assert command == f"python -m cifar_models {state}/trials/{failed}.yaml --seed 0"


def test_json_has_it_all(state: Path, failed: str) -> None:
    found = json.loads(call("logs", failed, "--storage", state, "--json").stdout)
    assert (found["trial"], found["status"], found["reason"]) == (failed, "failed", TRACEBACK)
    assert (found["epochs"], found["planned_epochs"], found["seed"]) == (2, 3, 0)
    assert found["metrics"]["validation/accuracy"] == 0.2
    assert found["cells"][0]["level"] == "relu"
    assert shlex.split(found["command"])[3] == f"{state}/trials/{failed}.yaml"


def test_a_look_writes_the_recipe_and_nothing_else(state: Path, failed: str) -> None:
    before = tree(state)
    call("logs", failed, "--storage", state)
    added = tree(state).keys() - before.keys()
    assert added == {"trials", f"trials/{failed}.yaml"}
    changed = {name for name in before if tree(state)[name] != before[name]}
    assert not {name for name in changed if "mlflow" not in name}


def test_running_is_said_only_while_a_driver_is_at_work(state: Path) -> None:
    journal = Journal(state)
    trial = record(journal, spec(), 0.1, end="running").id
    assert "running, 1 of 3 epochs done" in call("logs", trial, "--storage", state).stdout
    journal.close()
    said = call("logs", trial, "--storage", state).stdout
    assert "cut off: its driver is gone, `sweeps run` goes on with it, 1 of 3 epochs" in said


def test_without_a_name_those_that_went_wrong_are_listed(state: Path, failed: str) -> None:
    said = call("logs", "--storage", state).stdout
    assert said == f"{failed}  failed        after 2 epochs  Oops: why\n"
    (row,) = json.loads(call("logs", "--storage", state, "--json").stdout)
    assert row == {"trial": failed, "status": "failed", "epochs": 2, "reason": "Oops: why"}


def test_every_way_of_going_wrong_is_listed(state: Path) -> None:
    journal = Journal(state)
    ends = ("finished", "stopped", "running", "failed", "diverged", "out_of_memory", "interrupted")
    for seed, end in enumerate(ends):
        record(journal, spec(seed), 0.1, end=end)
    journal.append("outcome", "b", status="impossible", reason="too small")
    words = ("logs", "--storage", state, "--json")
    rows = json.loads(call(*words).stdout)
    assert [row["status"] for row in rows] == [*ends[3:], "impossible"]
    journal.close()  # and its driver with it
    rows = json.loads(call(*words).stdout)
    assert [row["status"] for row in rows] == ["cut off", *ends[3:], "impossible"]


def test_nothing_wrong_is_said_too(recorded: Path) -> None:
    assert call("logs", "--storage", recorded).stdout == f"No trial in {recorded} went wrong.\n"


def test_an_unknown_name_is_a_sentence(tmp_path: Path) -> None:
    refuse(tmp_path, "no trial is named 'abc'", "logs", "abc", "--storage", tmp_path)

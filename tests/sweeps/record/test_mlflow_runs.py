import io
import math
import socket
import time
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from sweeps.record.journal import Event, Journal
from sweeps.record.mlflow_runs import EXPERIMENT, Runs, first_line
from sweeps.record.run_update import CURVES, DESCRIBED, SPEC, RunUpdate, curves_csv, flatten
from tests.sweeps.record.small import FACTS, metrics, open_runs, record, spec


def results(*epochs: int) -> list[Event]:
    return [{"epoch": e, "time": 1000.0 + e, "metrics": metrics(e)} for e in epochs]


def test_a_parent_is_found_again_and_set_running(state: Path, runs: Runs) -> None:
    parent = runs.create_parent("small", "Why?")
    runs.client.set_terminated(parent)
    assert open_runs(state).create_parent("small", "Why?") == parent
    (found,) = runs.find(kind="study", study="small")
    assert found.info.status == "RUNNING"
    assert found.data.tags["mlflow.note.content"] == "Why?"
    assert runs.create_parent("other", "?") != parent
    assert runs.parent("third") is None


def test_a_trial_is_found_by_its_tag_alone(runs: Runs) -> None:
    parent = runs.create_parent("small", "?")
    ids = {seed: runs.create_trial(spec(seed).id, spec(seed), parent) for seed in range(3)}
    found = runs.trial(spec(1).id)
    assert found is not None
    assert found.info.run_id == ids[1]
    assert found.data.tags["mlflow.parentRunId"] == parent
    assert runs.trial(spec(9).id) is None
    assert len(runs.find(kind="trial")) == 3


def test_more_runs_than_a_page_are_all_found(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sweeps.record.mlflow_runs._PAGE", 2)
    names = [f"study{number}" for number in range(5)]
    for name in names:
        runs.create_parent(name, "?")
    assert [run.data.tags["study"] for run in runs.find(kind="study")] == names


@pytest.mark.parametrize("name", ["it's", "a' or tags.kind = 'study", 'quo"te', "tick`"])
def test_a_name_with_quotes_finds_nothing(runs: Runs, name: str) -> None:
    runs.create_parent("its", "?")
    assert runs.parent(name) is None


def test_a_description_is_the_recipe_as_parameters_and_as_artifacts(runs: Runs) -> None:
    trial = spec(4)
    run_id = runs.create_trial(trial.id, trial, runs.create_parent("small", "?"))
    for _ in range(2):  # again after a crash
        runs.write(run_id, RunUpdate().describe(trial))
    run = runs.client.get_run(run_id)
    assert run.data.params["model.name"] == "plain_cnn"
    assert run.data.params["optimizer.lr"] == "0.1"
    assert run.data.params["numerics.threads"] == "1"
    assert run.data.params["seed"] == "4"
    assert run.data.tags[DESCRIBED] == "true"
    assert runs.text(run, "recipe.yaml") == trial.recipe.to_yaml()
    assert trial.id in str(run.data.tags)
    assert runs.text(run, SPEC) is not None
    assert runs.text(run, "none.txt") is None


def test_a_recipe_of_many_phases_fits(runs: Runs) -> None:
    """MLflow takes at most 100 parameters at once."""
    phases = [{"epochs": 1, "optimizer": "sgd"}] * 30
    trial = spec(phases=phases)
    run_id = runs.create_trial(trial.id, trial, runs.create_parent("small", "?"))
    runs.write(run_id, RunUpdate().describe(trial))
    params = runs.client.get_run(run_id).data.params
    assert len(params) > 200
    assert params["phases.29.optimizer.name"] == "sgd"


def test_writing_epochs_twice_gives_one_point_each(runs: Runs) -> None:
    run_id = runs.create_trial("t", spec(), runs.create_parent("small", "?"))
    runs.write(run_id, RunUpdate().epochs(results(1, 2)))
    runs.write(run_id, RunUpdate().epochs(results(1, 2, 3)))
    history = runs.client.get_metric_history(run_id, "validation/accuracy")
    assert [(p.step, p.value, p.timestamp) for p in history] == [
        (e, metrics(e)["validation/accuracy"], 1_000_000 + 1000 * e) for e in (1, 2, 3)
    ]


def test_more_points_than_a_call_takes_are_all_written(runs: Runs) -> None:
    run_id = runs.create_trial("t", spec(), runs.create_parent("small", "?"))
    runs.write(run_id, RunUpdate().epochs(results(*range(1, 201))))
    assert len(runs.client.get_metric_history(run_id, "peak_memory")) == 200


def test_the_curves_are_there_before_a_run_is_finished(
    runs: Runs, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    trial = record(journal, spec(), 0.1, 0.5, 0.4)
    run_id = runs.create_trial(trial.id, trial, runs.create_parent("small", "?"))
    calls: list[str] = []
    write_files, set_terminated = runs._write_files, runs.client.set_terminated

    def written(run_id: str, files: dict[str, str]) -> None:
        calls.extend(files)
        write_files(run_id, files)

    def terminated(run_id: str, status: str) -> None:
        calls.append(status)
        set_terminated(run_id, status)

    monkeypatch.setattr(runs, "_write_files", written)
    monkeypatch.setattr(runs.client, "set_terminated", terminated)
    runs.write(run_id, RunUpdate().epochs(list(journal[trial.id].results.values())))
    runs.write(run_id, RunUpdate().end(journal[trial.id]))
    assert calls == [CURVES, "FINISHED"]

    run = runs.client.get_run(run_id)
    assert run.info.status == "FINISHED"
    assert run.data.tags["status"] == "finished"
    assert {name: run.data.tags[name] for name in FACTS} == FACTS
    found = run.data.metrics
    assert (found["final/validation/accuracy"], found["best/validation/accuracy"]) == (0.4, 0.5)
    assert (found["final/train/loss"], found["best/train/loss"]) == (2.0 / 3, 1.0)
    assert found["epochs"] == 3
    assert "final/seconds" not in found
    text = runs.text(run, CURVES)
    assert text == curves_csv(journal[trial.id])
    curves = runs.curves(run)
    assert curves["epoch"].to_list() == [1, 2, 3]
    assert curves["train/loss"].to_list() == [2.0, 1.0, 2.0 / 3]


@pytest.mark.parametrize(
    ("status", "theirs"),
    [
        ("finished", "FINISHED"),
        ("stopped", "FINISHED"),
        ("diverged", "FINISHED"),
        ("out_of_memory", "FINISHED"),
        ("failed", "FAILED"),
        ("interrupted", "KILLED"),
    ],
)
def test_an_outcome_is_a_tag_and_a_status_of_mlflow(
    runs: Runs, journal: Journal, status: str, theirs: str
) -> None:
    trial = spec()
    journal.append("trial", trial.id, spec=trial.to_json())
    journal.append(
        "outcome", trial.id, status=status, reason="Traceback\n" + "x" * 20_000, study="small"
    )
    run_id = runs.create_trial(trial.id, trial, runs.create_parent("small", "?"))
    runs.write(run_id, RunUpdate().end(journal[trial.id]))
    run = runs.client.get_run(run_id)
    assert (run.info.status, run.data.tags["status"]) == (theirs, status)
    assert run.data.tags["reason"].startswith("Traceback\nxxx")
    assert run.data.metrics == {"epochs": 0}
    assert runs.curves(run).empty


def test_a_running_trial_has_its_curves_from_the_history(runs: Runs) -> None:
    run_id = runs.create_trial("t", spec(), runs.create_parent("small", "?"))
    assert runs.curves(runs.client.get_run(run_id)).empty
    later = results(3)
    del later[0]["metrics"]["validation/loss"]  # was not finite
    runs.write(run_id, RunUpdate().epochs(results(1, 2) + later))
    curves = runs.curves(runs.client.get_run(run_id))
    assert curves["epoch"].to_list() == [1, 2, 3]
    assert set(metrics(1)) == set(curves) - {"epoch"}
    assert curves["validation/accuracy"].to_list() == [metrics(e)["validation/accuracy"]
                                                       for e in (1, 2, 3)]  # fmt: skip
    assert math.isnan(curves["validation/loss"].iloc[2])


def test_tests_are_kept_by_selection_rule(runs: Runs, journal: Journal) -> None:
    trial = record(journal, spec(), 0.1)
    journal.append("test", trial.id, selection="best", metrics={"accuracy": 0.3, "loss": 1.5})
    run_id = runs.create_trial(trial.id, trial, runs.create_parent("small", "?"))
    runs.write(run_id, RunUpdate().tests(journal[trial.id]))
    found = runs.client.get_run(run_id).data.metrics
    assert found == {"test_best/accuracy": 0.3, "test_best/loss": 1.5}


def test_a_retired_run_serves_no_study(runs: Runs) -> None:
    trial = spec()
    run_id = runs.create_trial(trial.id, trial, runs.create_parent("small", "?"))
    runs.client.set_tag(run_id, "in.small", "true")
    runs.retire(trial.id)
    assert runs.trial(trial.id) is None
    assert runs.find(**{"kind": "trial", "in.small": "true"}) == []
    retired = runs.client.get_run(run_id)
    assert retired.data.tags["kind"] == "superseded"
    assert "in.small" not in retired.data.tags
    assert retired.info.status == "KILLED"


def test_reading_makes_neither_database_nor_experiment(state: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"no results in .*nowhere/mlflow.db; run a study first"):
        Runs(f"sqlite:///{tmp_path}/nowhere/mlflow.db", reading=True)
    assert not (tmp_path / "nowhere").exists()
    runs = Runs(f"sqlite:///{state}/mlflow.db", reading=True)
    assert runs.find(kind="study") == []
    assert runs.client.get_experiment_by_name(EXPERIMENT) is None


def test_a_closed_port_is_a_sentence_within_seconds() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    started = time.monotonic()
    with pytest.raises(ValueError, match=rf"MLflow at http://127.0.0.1:{port} does not answer: "):
        Runs(f"http://127.0.0.1:{port}")
    assert time.monotonic() - started < 20


def test_a_silent_server_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sweeps.record.mlflow_runs._OPENING_SECONDS", 1)
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        pytest.raises(ValueError, match=r"does not answer: .*; start it, or give another") as said,
    ):
        Runs(f"http://127.0.0.1:{server.getsockname()[1]}")
    assert "\n" not in str(said.value)


@pytest.mark.slow
def test_a_silent_server_is_given_up_within_20_seconds() -> None:
    started = time.monotonic()
    with socket.create_server(("127.0.0.1", 0)) as server, pytest.raises(ValueError, match="MLf"):
        Runs(f"http://127.0.0.1:{server.getsockname()[1]}")
    assert time.monotonic() - started < 12  # importing takes some seconds more


def test_no_backend_and_no_text_are_sentences() -> None:
    with pytest.raises(ValueError, match="MLflow at nonsense://x does not answer"):
        Runs("nonsense://x")
    assert first_line(TimeoutError()) == "TimeoutError"
    assert first_line(OSError("a\nb")) == "a"


def test_flatten_gives_dotted_keys() -> None:
    nested = {"a": {"b": [1, {"c": None}]}, "d": [], "e": {}, "f": ""}
    assert flatten(nested) == {"a.b.0": 1, "a.b.1.c": None, "d": [], "e": {}, "f": ""}


def test_flatten_keeps_lists_few() -> None:
    crop = {"name": "crop", "padding": 4}
    assert flatten({"a": [crop, {"name": "flip"}]}) == {"a": "[crop, flip]", "a.crop.padding": 4}
    assert flatten({"channels": [8, 16]}) == {"channels": [8, 16]}
    assert flatten({"a": [crop, crop]})["a.1.padding"] == 4  # one name would hide the other


def test_the_curves_file_keeps_every_bit(journal: Journal) -> None:
    trial = record(journal, spec(), 1 / 3, 0.1 + 0.2)
    read = pd.read_csv(io.StringIO(curves_csv(journal[trial.id])))
    assert read["validation/accuracy"].to_list() == [1 / 3, 0.1 + 0.2]


def test_looking_through_tells_which_trials_have_no_run(runs: Runs) -> None:
    parent = runs.create_parent("small", "?")
    for seed in range(3):
        runs.create_trial(spec(seed).id, spec(seed), parent)
    assert not runs.absent(spec(9).id)  # not known
    runs.look_through(20)
    assert [runs.absent(spec(seed).id) for seed in (0, 2, 3, 9)] == [False, False, True, True]
    runs.create_trial(spec(9).id, spec(9), parent)
    assert not runs.absent(spec(9).id)


def test_many_runs_are_not_read_for_the_sake_of_few_trials(
    runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    parent = runs.create_parent("small", "?")
    for seed in range(9):
        runs.create_trial(spec(seed).id, spec(seed), parent)
    pages: list[int] = []
    search_runs = runs.client.search_runs

    def counted(*rest: Any) -> Any:
        pages.append(1)
        return search_runs(*rest)

    monkeypatch.setattr(runs.client, "search_runs", counted)
    runs.look_through(2)
    assert len(pages) == 2
    assert not runs.absent(spec(99).id)  # not known: it must be asked for
    assert runs.trial(spec(99).id) is None
    assert runs.absent(spec(99).id)


def test_a_study_names_its_data_once(runs: Runs) -> None:
    parent = runs.create_parent("small", "?")
    for _ in range(2):
        runs.name_data(parent, "shapes", "f" * 64, '{"name": "shapes"}', {"train": 100})
    (named,) = runs.client.get_run(parent).inputs.dataset_inputs
    assert (named.dataset.name, named.dataset.digest) == ("shapes", "f" * 36)
    assert named.dataset.profile == '{"train": 100}'

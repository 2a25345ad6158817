import math
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from cifar_models.component import forget
from cifar_models.costs import EpochsToAccuracy, Flops, Parameters, SecondsToAccuracy
from cifar_models.source_file import SourceFile, load_source
from search_spaces import Study
from sweeps.analysis.guards import REQUIRED
from sweeps.execution.plan import Cell
from sweeps.publication import table_of
from sweeps.record.journal import Journal
from sweeps.record.mlflow_runs import Runs
from sweeps.record.results import Results, load
from sweeps.record.run_update import SPEC
from tests.sweeps.record.recorded import ACCURACIES, STUDY, cells, finish, mirror, record_study
from tests.sweeps.record.small import FACTS, open_runs, record

COLUMNS = {
    *("trial", "role", "variant", "factor", "level", "baseline", "seed", "status", "epochs"),
    *("planned_epochs", "validation/loss", "validation/accuracy", "validation/macro_f1"),
    *("train/loss", "selected_epoch", "test/accuracy", "test/macro_f1", "test/loss"),
    *("parameters", "seconds", "torch", "device", "run_id"),
}


def uri(state: Path) -> str:
    return f"sqlite:///{state}/mlflow.db"


def loaded(state: Path, study: str = "small") -> Results:
    return load(study, uri(state))


def row_of(trials: pd.DataFrame, level: str, seed: int) -> dict[str, Any]:
    (row,) = trials[(trials["level"] == level) & (trials["seed"] == seed)].to_dict("records")
    return {str(name): value for name, value in row.items()}


def test_a_finished_study_as_frames(recorded: Path) -> None:
    results = loaded(recorded)
    assert results.study == STUDY.model_dump(mode="json")
    assert results.images == {"train": 100, "validation": 20, "test": 40}
    trials = results.trials
    assert set(trials) >= COLUMNS
    assert len(trials) == 9
    assert set(trials["status"]) == {"finished"}
    assert trials["trial"].is_unique
    row = row_of(trials, "relu", 0)
    assert (row["epochs"], row["planned_epochs"], row["selected_epoch"]) == (3, 3, 3)
    assert (row["validation/accuracy"], row["test/accuracy"]) == (0.5, 0.48)
    assert row["train/loss"] == 2.0 / 3
    assert (row["seconds"], row["parameters"]) == (1.5, 1234)
    assert (row["torch"], row["device"]) == (FACTS["torch"], FACTS["device"])
    assert trials.loc[trials["baseline"], "level"].unique().tolist() == ["relu"]


def test_the_costs_of_a_study_are_columns_of_its_trials(state: Path) -> None:
    costs = (EpochsToAccuracy(accuracy=0.5), SecondsToAccuracy(accuracy=0.5), Flops(), Parameters())
    record_study(state, STUDY.replace(costs=costs))
    results = loaded(state)
    assert results.costs == costs
    row = row_of(results.trials, "relu", 0)
    assert (row["epochs_to_accuracy_0.5"], row["seconds_to_accuracy_0.5"]) == (2, 1.0)
    assert math.isnan(row_of(results.trials, "tanh", 0)["epochs_to_accuracy_0.5"])
    assert (row["parameters"], row["seconds"]) == (1234, 1.5)
    assert math.isnan(row["flops"]), "recorded before there was this fact"
    frame = table_of(results).frame.set_index("level")
    assert frame.loc["relu", "epochs_to_accuracy_0.5"] == (2 + 2 + 3) / 3
    assert frame.loc["tanh", "epochs_to_accuracy_0.5_n"] == 0


@pytest.mark.usefixtures("unloaded_studies")
def test_a_cost_whose_class_is_not_at_hand_is_a_footnote(state: Path) -> None:
    own = SourceFile("own.py", OWN_COST)
    cost = load_source(own).HalfTheSeconds()
    record_study(state, STUDY.replace(costs=(cost,)))
    assert row_of(loaded(state).trials, "relu", 0)["half_the_seconds"] == 0.75
    forget(own.module_name)
    table = table_of(loaded(state))
    assert table.costs == ()
    assert any("The class of the cost half_the_seconds" in note for note in table.footnotes)


OWN_COST = """
from typing import Literal
from cifar_models.costs import Cost

class HalfTheSeconds(Cost):
    name: Literal["half_the_seconds"] = "half_the_seconds"

    def measure(self, curve, facts):
        return sum(row["seconds"] for row in curve) / 2
"""


def test_curves_are_tidy(recorded: Path) -> None:
    results = loaded(recorded)
    curves = results.curves
    assert len(curves) == 27
    trial = row_of(results.trials, "tanh", 2)["trial"]
    own = curves[curves["trial"] == trial]
    assert own["epoch"].to_list() == [1, 2, 3]
    assert own["validation/accuracy"].to_list() == list(ACCURACIES["tanh"][2])
    assert {"train/loss", "learning_rate", "images_per_second", "peak_memory"} <= set(curves)


def test_the_best_epoch_is_selected_where_that_is_the_rule(state: Path) -> None:
    study = STUDY.replace(selection="best")
    record_study(state, study)
    row = row_of(loaded(state).trials, "relu", 0)
    assert (row["selected_epoch"], row["validation/accuracy"]) == (2, 0.6)
    assert row["train/loss"] == 1.0
    assert row["test/accuracy"] == pytest.approx(0.58)
    assert row["epochs"] == 3


def partly(state: Path, study: Study = STUDY) -> None:
    """Record a study with an outcome of each kind among its trials."""
    runs, journal, members = open_runs(state), Journal(state), cells(study)
    first, second, *rest = members
    finish(journal, first, (0.1, 0.2, 0.3))
    record(journal, second.spec, 0.1, 0.2, end="running")
    for cell, status in zip(rest, ("failed", "out_of_memory", "diverged"), strict=False):
        record(journal, cell.spec, 0.1, end="running")
        journal.append("outcome", cell.spec.id, status=status, reason="because")
    mirror(runs, journal, study, members)
    run = runs.trial(second.spec.id)
    assert run is not None  # as while a driver is at work
    runs.client.update_run(run.info.run_id, status="RUNNING")
    runs.client.set_tag(run.info.run_id, "status", "running")
    journal.close()


def test_every_planned_cell_has_a_row_whatever_became_of_it(state: Path) -> None:
    partly(state)
    trials = loaded(state).trials
    statuses = ["finished", "running", "failed", "out_of_memory", "diverged", *["missing"] * 4]
    assert trials["status"].to_list() == statuses
    assert trials["reason"].to_list()[2:5] == ["because"] * 3
    missing = trials.iloc[-1]
    assert missing["run_id"] is None or pd.isna(missing["run_id"])
    assert (missing["epochs"], missing["planned_epochs"]) == (0, 3)
    assert math.isnan(missing["validation/accuracy"])
    assert math.isnan(missing["test/accuracy"])


def test_a_running_trial_is_read_from_its_history(state: Path) -> None:
    partly(state)
    results = loaded(state)
    row = results.trials.iloc[1]
    assert (row["status"], row["epochs"], row["validation/accuracy"]) == ("running", 2, 0.2)
    own = results.curves[results.curves["trial"] == row["trial"]]
    assert own["validation/accuracy"].to_list() == [0.1, 0.2]
    assert row["seconds"] == 1.0


def test_an_unfinished_study_makes_an_interim_table(state: Path) -> None:
    partly(state)
    table = table_of(loaded(state))
    assert table.interim
    assert table.frame["completed"].sum() == 1


def test_a_study_of_which_nothing_ran_has_all_columns(state: Path) -> None:
    runs, journal = open_runs(state), Journal(state)
    mirror(runs, journal, STUDY, cells())
    journal.close()
    results = loaded(state)
    assert set(results.trials) >= COLUMNS | set(REQUIRED) | {"parent"}
    assert set(results.trials["status"]) == {"missing"}
    assert results.curves.empty
    assert {"trial", "epoch", "train/loss", "validation/accuracy"} <= set(results.curves)
    assert table_of(results).interim


def test_a_metric_of_ones_own_has_columns_where_its_class_is_not_loaded(state: Path) -> None:
    runs, journal = open_runs(state), Journal(state)
    mirror(runs, journal, STUDY.model_copy(update={"metric": "mine"}), cells())
    journal.close()
    results = loaded(state)
    assert {"validation/mine", "test/mine"} <= set(results.trials)
    assert "validation/mine" in results.curves
    assert table_of(results).measure.name == "mine"


def test_a_table_is_the_same_without_the_curves_of_the_search(state: Path) -> None:
    first = cells()[0].spec
    tried = [Cell(replace(first, seed=seed), "search") for seed in (10, 11)]
    runs, journal, members = open_runs(state), Journal(state), [*cells(), *tried]
    for cell in members:
        finish(journal, cell, (0.1, 0.2, 0.5 + len(cell.spec.id + cell.level) / 100))
    mirror(runs, journal, STUDY, members)
    journal.close()
    whole, lean = load("small", uri(state)), load("small", uri(state), searched=False)
    assert set(whole.curves["trial"]) - set(lean.curves["trial"]) == {c.spec.id for c in tried}
    assert set(lean.curves["trial"]) == {cell.spec.id for cell in cells()}
    pd.testing.assert_frame_equal(table_of(whole).frame, table_of(lean).frame)
    rows = lean.trials[lean.trials["role"] == "search"]
    assert rows["status"].to_list() == ["finished"] * 2
    assert rows["validation/accuracy"].isna().all()


def test_a_trial_of_two_studies_is_in_both_tables(state: Path) -> None:
    record_study(state)
    other = STUDY.replace(name="other", question="And again?", seeds=2)
    runs, journal = open_runs(state), Journal(state)
    mirror(runs, journal, other, cells(other))
    journal.close()
    small, again = loaded(state).trials, loaded(state, "other").trials
    assert len(runs.find(kind="trial")) == 9
    assert set(again["run_id"]) < set(small["run_id"])
    assert len(again) == 6


def test_a_baseline_has_a_row_for_each_factor(state: Path) -> None:
    study = STUDY.replace(
        factors=(*STUDY.factors, {"name": "norm", "levels": [
            {"name": "on", "changes": {"model.norm": "batch"}},
            {"name": "off", "changes": {"model.norm": "none"}},
        ]}),
    )  # fmt: skip
    runs, journal = open_runs(state), Journal(state)
    for cell in cells(study):
        finish(journal, cell, (0.1, 0.2, 0.3))
    mirror(runs, journal, study, cells(study))
    journal.close()
    trials = loaded(state).trials
    base = trials[trials["baseline"]]
    assert set(zip(base["factor"], base["level"], strict=True)) == {
        ("activation", "relu"), ("norm", "on")
    }  # fmt: skip
    assert base["trial"].nunique() == 3
    assert len(trials) == 3 * 5
    assert len(runs.find(kind="trial")) == 3 * 4


def test_an_unknown_study_is_a_sentence_that_names_the_known_ones(recorded: Path) -> None:
    with pytest.raises(ValueError, match=r"no results of a study 'smal' \(it has: small\); run"):
        loaded(recorded, "smal")
    with pytest.raises(ValueError, match='no results of a study "it\'s"'):
        loaded(recorded, "it's")


def test_a_study_still_in_its_search_is_a_sentence(state: Path) -> None:
    open_runs(state).create_parent("small", "?")
    with pytest.raises(ValueError, match="small has no trial on record yet: its search"):
        loaded(state)


def test_without_any_results_nothing_is_made(state: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"\(it has: none\)"):
        loaded(state)
    with pytest.raises(ValueError, match="there are no results in"):
        load("small", f"sqlite:///{tmp_path}/gone/mlflow.db")
    assert not (tmp_path / "gone").exists()


@pytest.fixture
def server(state: Path) -> Iterator[str]:
    """A tracking server of its own on loopback."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [
        *(sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port)),
        *("--backend-store-uri", uri(state), "--artifacts-destination", str(state / "served")),
        *("--workers", "1"),
    ]
    environment = os.environ | {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    with (state / "server.log").open("wb") as log, subprocess.Popen(
        command, stdout=log, stderr=log, env=environment, start_new_session=True
    ) as process:  # fmt: skip
        try:
            _until_it_listens(port, process)
            yield f"http://127.0.0.1:{port}"
        finally:
            os.killpg(process.pid, 15)


def _until_it_listens(port: int, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(1800):
        assert process.poll() is None
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("the server does not come up")


@pytest.mark.slow
def test_the_record_through_a_server(server: str, tmp_path: Path) -> None:
    runs, journal, members = Runs(server), Journal(tmp_path / "journal"), cells()[:2]
    for cell in members:
        finish(journal, cell, (0.1, 0.2, 0.3))
    mirror(runs, journal, STUDY, members)
    journal.close()
    results = load("small", server)
    assert results.trials["status"].to_list() == ["finished"] * 2
    assert results.trials["validation/accuracy"].to_list() == [0.3, 0.3]
    assert len(results.curves) == 6
    run = runs.trial(members[0].spec.id)
    assert run is not None
    assert run.info.artifact_uri.startswith("mlflow-artifacts:")
    assert runs.text(run, SPEC)
    assert runs.text(run, "none.txt") is None

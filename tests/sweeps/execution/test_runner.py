"""A real study, run as a user runs it: Ray Tune, Optuna, MLflow, a study file of one's own."""

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import optuna
import pandas as pd
import pytest
from optuna.trial import TrialState

from sweeps.execution.suggestions import open_suggestions
from sweeps.record.journal import read_records
from sweeps.record.mlflow_runs import Runs
from sweeps.record.results import Results, load
from tests.sweeps.execution.study_file import TEXT

SCRIPT = Path(__file__).parents[3] / "sweeps" / "ablation.py"

pytestmark = pytest.mark.timeout(300)


class Ran(NamedTuple):
    folder: Path
    output: str

    @property
    def uri(self) -> str:
        return f"sqlite:///{self.folder / 'runs' / 'mlflow.db'}"

    def results(self, study: str = "own") -> Results:
        return load(study, self.uri)

    def epochs(self) -> int:
        lines = (self.folder / "runs" / "journal.jsonl").read_text().splitlines()
        return sum(json.loads(line)["event"] == "result" for line in lines)


def run(folder: Path, *options: str) -> str:
    done = subprocess.run(
        [sys.executable, str(SCRIPT), *options],
        cwd=folder, capture_output=True, text=True, check=False,
        env=os.environ | {"COLUMNS": "120"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    folder = tmp_path_factory.mktemp("own")
    (folder / "own.py").write_text(TEXT)
    # one at a time: with two, which trials halving stops is a matter of timing
    return Ran(folder, run(folder, "--study", "own.py", "--max-concurrent", "1"))


def test_the_table_is_printed_with_the_places_of_what_was_written(ran: Ran) -> None:
    assert "(baseline)" in ran.output
    assert "doubled" in ran.output
    for name in ("table.md", "table.csv", "table.tex", "table.html", "curves.png", "best.yaml"):
        assert (ran.folder / "runs" / "studies" / "own" / name).stat().st_size > 0


def test_after_a_search_optuna_knows_the_truth(ran: Ran) -> None:
    storage = open_suggestions(str(ran.folder / "runs" / "optuna.jsonl"), reading=True)
    (name,) = optuna.get_all_study_names(storage)
    trials = optuna.load_study(study_name=name, storage=storage).get_trials()
    assert len(trials) == 24
    records = read_records(ran.folder / "runs")
    seen = Counter[str]()
    for trial in trials:
        record = records.get(trial.user_attrs.get("trial", ""))
        status = record.status if record else "impossible"
        seen[status] += 1
        violated = max(trial.constraints.values(), default=0.0) > 0
        match status:
            case "finished":
                assert record is not None
                assert trial.state is TrialState.COMPLETE
                assert trial.value == record.metric("validation/accuracy")
            case "stopped":
                assert trial.state is TrialState.PRUNED
                assert trial.intermediate_values
                assert not violated
            case "diverged" | "impossible":
                assert trial.state is TrialState.PRUNED
                assert violated
            case _:
                assert (status, trial.state) == ("failed", TrialState.FAIL)
                assert "broken on purpose" in trial.user_attrs["reason"]
    assert set(seen) == {"finished", "stopped", "diverged", "impossible", "failed"}, seen


def test_every_run_in_mlflow_has_ended_and_is_there_once(ran: Ran) -> None:
    runs = Runs(ran.uri)
    children = runs.find(kind="trial")
    trials = [run.data.tags["trial"] for run in children]
    assert len(set(trials)) == len(trials)
    for child in children:
        failed = child.data.tags["status"] == "failed"
        assert child.info.status == ("FAILED" if failed else "FINISHED")
    parent = runs.parent("own")
    assert parent is not None
    assert parent.info.status == "FINISHED"
    assert {run.data.tags["mlflow.parentRunId"] for run in children} == {parent.info.run_id}


def test_results_are_whole_and_roles_have_seeds_of_their_own(ran: Ran) -> None:
    trials = ran.results().trials
    ablation = trials[trials["role"] == "ablation"]
    assert set(ablation["status"]) == {"finished"}
    assert ablation["test/accuracy"].between(0, 1).all()
    assert trials[trials["role"] == "search"]["test/accuracy"].isna().all()
    seeds = trials.groupby("role")["seed"].agg(set)
    assert not (seeds["search"] & seeds["selection"] | seeds["search"] & seeds["ablation"])
    assert not seeds["selection"] & seeds["ablation"]


def test_the_same_command_again_trains_nothing_and_prints_the_same_table(ran: Ran) -> None:
    before, children = ran.epochs(), len(Runs(ran.uri).find(kind="trial"))
    again = run(ran.folder, "--study", "own.py")
    assert ran.epochs() == before
    assert len(Runs(ran.uri).find(kind="trial")) == children
    table = ran.output[ran.output.index("own: Does") :]
    assert again.endswith(table)


def test_an_exported_recipe_trains_again_to_the_same_number(ran: Ran) -> None:
    command = next(line for line in ran.output.splitlines() if "python -m cifar_models" in line)
    words = command.split("python -m cifar_models")[1].split()
    assert words[0] == "runs/studies/own/best.yaml"
    done = subprocess.run(
        [sys.executable, "-m", "cifar_models", *words],
        cwd=ran.folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "reproduced exactly" in done.stdout


@pytest.fixture(scope="module")
def second(ran: Ran) -> Ran:
    """Another study around the winner, in the same folder."""
    winner = ran.results().trials.query("role == 'ablation' and baseline").iloc[0]
    best = json.loads(_spec(ran, winner["run_id"]))["recipe"]
    (ran.folder / "second.py").write_text(
        "from cifar_models.recipe import Recipe\n"
        "from search_spaces import Study, factor\n"
        f"STUDY = Study(name='second', question='And tanh?', base=Recipe.parse({best!r}),\n"
        "    factors=(factor('activation', 'model.activation', 'relu', 'tanh'),), seeds=2)\n"
    )
    before = ran.epochs()
    output = run(ran.folder, "--study", "second.py")
    assert ran.epochs() == before + 2 * 4  # tanh alone
    return Ran(ran.folder, output)


def test_a_trial_that_two_studies_share_is_one_run_in_both_tables(second: Ran) -> None:
    assert "of them already done" in second.output
    shared = second.results("second").trials.query("baseline")
    assert set(shared["trial"]) <= set(second.results().trials["trial"])
    (child,) = Runs(second.uri).find(kind="trial", trial=shared["trial"].iloc[0])
    assert {"in.own", "in.second"} <= set(child.data.tags)


@pytest.mark.slow
@pytest.mark.usefixtures("second")
def test_a_lost_journal_is_made_whole_from_mlflow(ran: Ran) -> None:
    children = len(Runs(ran.uri).find(kind="trial"))
    (ran.folder / "runs" / "journal.jsonl").rename(ran.folder / "lost.jsonl")
    again = run(ran.folder, "--study", "second.py")
    own = run(ran.folder, "--study", "own.py")
    assert own.endswith(ran.output[ran.output.index("own: Does") :])
    assert "4 trials of 4 epochs, 4 of them already done" in again
    assert len(Runs(ran.uri).find(kind="trial")) == children
    kept = read_records(ran.folder / "runs")
    (ran.folder / "lost.jsonl").rename(ran.folder / "runs" / "journal.jsonl")
    whole = read_records(ran.folder / "runs")
    for trial, record in kept.items():
        assert record.tests == whole[trial].tests
        for epoch, result in record.results.items():
            assert result["metrics"] == whole[trial].results[epoch]["metrics"]


@pytest.mark.slow
def test_a_lost_database_is_made_whole_from_the_journal(ran: Ran, tmp_path: Path) -> None:
    copy = Ran(tmp_path / "copy", "")  # this process keeps the other database open
    shutil.copytree(ran.folder, copy.folder)
    (copy.folder / "runs" / "mlflow.db").unlink()
    run(copy.folder, "--study", "own.py")
    assert copy.epochs() == ran.epochs()
    measured = ["trial", "seed", "status", "validation/accuracy", "test/accuracy"]
    frames = [each.results().trials[measured].sort_values(measured) for each in (copy, ran)]
    pd.testing.assert_frame_equal(*(frame.reset_index(drop=True) for frame in frames))


@pytest.mark.slow
def test_a_changed_component_makes_new_trials_of_its_own_alone(ran: Ran) -> None:
    before, cells = ran.epochs(), (ran.results().trials["role"] == "ablation").sum()
    (ran.folder / "own.py").write_text(TEXT.replace("return 2 * torch", "return 3 * torch"))
    output = run(ran.folder, "--study", "own.py")
    assert f"{cells} trials of 4 epochs, {cells - 2} of them already done" in output
    assert ran.epochs() == before + 2 * 4
    doubled = ran.results().trials.query("level == 'doubled'")
    assert set(doubled["status"]) == {"finished"}


def _spec(ran: Ran, run_id: str) -> str:
    runs = Runs(ran.uri)
    return runs.text(runs.client.get_run(run_id), "trial.json") or ""

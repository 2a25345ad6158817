from pathlib import Path

import pandas as pd
import pytest
import yaml

from cifar_models.provenance import read_recipe
from search_spaces import LogRange, Search
from search_spaces.study import SEARCH_SEED
from sweeps.execution.plan import Cell
from sweeps.record.identity import TrialSpec
from sweeps.record.journal import Journal
from sweeps.record.mlflow_runs import Runs
from sweeps.record.results import load
from tests.sweeps.commands.command_line import call, refuse
from tests.sweeps.record.recorded import STUDY, cells, finish, mirror
from tests.sweeps.record.small import FACTS, metrics, open_runs, spec

TRIALS = {0.1: (0.5, 900), 0.2: (0.8, 5000), 0.3: (0.7, 6000), 0.4: (0.6, 1000)}
"""Accuracy and parameters by learning rate; the third is dominated by the second."""


@pytest.fixture
def runs(state: Path) -> Runs:
    """A search for accuracy and few parameters, and the ablation after it."""
    search = Search(
        space={"optimizer.lr": LogRange(0.01, 1.0)},
        scheduler="none",
        objectives=("accuracy", "parameters"),
        trials=4,
    )
    study, journal = STUDY.replace(search=search), Journal(state)
    tried = []
    for rate, (accuracy, parameters) in TRIALS.items():
        recipe = study.base.replace({"optimizer.lr": rate})
        of = TrialSpec(recipe, SEARCH_SEED, spec().numerics, spec().data)
        journal.append("trial", of.id, spec=of.to_json())
        journal.append("started", of.id, facts=FACTS | {"parameters": str(parameters)})
        values = metrics(1, accuracy)
        journal.append("result", of.id, epoch=1, status="finished", metrics=values, study="small")
        tried.append(Cell(of, "search", suggested={"optimizer.lr": rate}))
    proven = cells()[:1]
    finish(journal, proven[0], (0.1, 0.2, 0.3))
    runs = open_runs(state)
    mirror(runs, journal, study, [*tried, *proven])
    journal.close()
    return runs


def test_every_recipe_of_the_front_is_written_with_its_objectives(
    runs: Runs, state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    trials = load("small", runs.uri).trials
    (dominated,) = trials.loc[trials["parameters"] == 6000, "run_id"]
    runs.client.log_metric(dominated, "test_last/accuracy", 0.99)  # test images choose nothing
    told = call("export", "--study", "small", "--storage", state, "--pareto")
    assert told.stdout.splitlines() == [
        "pareto.csv",
        *(f"pareto-{n}.yaml   python -m cifar_models pareto-{n}.yaml" for n in (1, 2, 3)),
    ]
    index = pd.read_csv("pareto.csv")
    assert index["file"].to_list() == ["pareto-1.yaml", "pareto-2.yaml", "pareto-3.yaml"]
    assert index["validation/accuracy"].to_list() == [0.8, 0.6, 0.5]
    assert index["parameters"].to_list() == [5000, 1000, 900]
    assert ".0," not in Path("pareto.csv").read_text(encoding="utf-8"), "a count is an integer"
    assert index["optimizer.lr"].to_list() == [0.2, 0.4, 0.1]
    for file, trial, rate in index[["file", "trial", "optimizer.lr"]].to_numpy():
        recipe, provenance = read_recipe(Path(file))
        assert recipe == STUDY.base.replace({"optimizer.lr": rate})
        assert (provenance.trial, provenance.seed) == (trial, SEARCH_SEED)
        assert provenance.numerics == spec().numerics
    said = yaml.safe_load(Path("pareto-1.yaml").read_text(encoding="utf-8"))["provenance"]
    assert said["pareto_front"] == {"validation/accuracy": 0.8, "parameters": 5000.0}


def test_what_has_no_front_is_a_sentence(recorded: Path) -> None:
    words = ("export", "--study", "small", "--storage", recorded, "--pareto")
    refuse(recorded, "has no search for several objectives", *words)
    refuse(recorded, "--pareto writes the whole front", *words, "--top", 2)

"""Searches as a user runs them: halved in cohorts and extended, and for several objectives."""

from pathlib import Path
from typing import Any

import optuna
import pandas as pd
import pytest
from optuna.trial import FrozenTrial, TrialState

from search_spaces import LogRange, Search
from sweeps.execution.asha import Asha
from sweeps.execution.cohorts import CohortHalving, CohortTrials
from sweeps.execution.optuna_source import OptunaTrials, open_optuna_study
from sweeps.execution.searching import begin_search
from sweeps.execution.suggestions import open_suggestions
from sweeps.record.journal import Journal, read_records
from tests.sweeps.execution.specs import spec, study
from tests.sweeps.execution.test_runner import run

pytestmark = pytest.mark.timeout(300)

TEXT = """
from cifar_models.architectures import PlainCNN
from cifar_models.datasets import Shapes
from cifar_models.optimizers import SGD
from cifar_models.recipe import Phase, Recipe
from search_spaces import LogRange, Search, Study, choice

STUDY = Study(
    name="searching",
    question="?",
    base=Recipe(
        dataset=Shapes(train_size=300, test_size=100),
        model=PlainCNN(channels=(4, 8)),
        phases=(Phase(epochs=4, optimizer=SGD(lr=0.05)),),
        batch_size=50,
    ),
    search=Search(
        space={"optimizer.lr": LogRange(0.01, 0.5), "model.channels": choice(s=(4,), l=(4, 8))},
        points=({"optimizer.lr": 0.1},),
        SEARCH
    ),
    seeds=1,
)
"""


def trials(folder: Path) -> list[FrozenTrial]:
    storage = open_suggestions(str(folder / "runs" / "optuna.jsonl"), reading=True)
    (name,) = optuna.get_all_study_names(storage)
    return optuna.load_study(study_name=name, storage=storage).get_trials()


@pytest.mark.parametrize(
    ("scheduler", "cohorts", "expected"),
    [
        ("asha", False, (OptunaTrials, Asha)),
        ("none", False, (OptunaTrials, type(None))),
        ("asha", True, (CohortTrials, CohortHalving)),
        ("halving", True, (CohortTrials, CohortHalving)),
        ("none", True, (CohortTrials, CohortHalving)),
    ],
)
def test_a_search_in_cohorts_is_halved_synchronously(
    tmp_path: Path, scheduler: Any, cohorts: bool, expected: tuple[type, type]
) -> None:
    search = Search(space={"optimizer.lr": LogRange(0.01, 0.5)}, scheduler=scheduler)
    asked = study(search=search)
    storage = open_suggestions(str(tmp_path / "optuna.jsonl"))
    database = open_optuna_study(asked, spec(), storage, search.cohort * cohorts)
    journal = Journal(tmp_path)
    begun = begin_search(asked, database, spec, journal, "unused", 2, cohorts=cohorts)
    journal.close()
    assert tuple(map(type, begun)) == expected
    if isinstance(begun[1], CohortHalving):
        assert begun[1].rungs == search.rungs(asked.base.epochs)


@pytest.mark.slow
def test_a_search_is_halved_in_cohorts_and_extended(tmp_path: Path) -> None:
    search = "scheduler='halving', cohort=4, trials=4, reduction_factor=2"
    (tmp_path / "searching.py").write_text(TEXT.replace("SEARCH\n", f"{search}\n"))
    said = run(tmp_path, "--study", "searching.py")
    assert "undecided after epoch 1 (n = 1), undecided after epoch 2 (n = 1)" in said
    first = trials(tmp_path)
    run(tmp_path, "--study", "searching.py", "--trials", "8")
    whole = trials(tmp_path)
    assert [t.params for t in whole[:4]] == [t.params for t in first]
    assert [t.params["optimizer.lr"] for t in whole[:2]] == [0.05, 0.1]
    for cohort in (whole[:4], whole[4:]):
        epochs = sorted(len(t.intermediate_values) for t in cohort)
        assert epochs == [1, 1, 2, 4]
        assert [t.state for t in cohort].count(TrialState.COMPLETE) == 1


@pytest.mark.slow
def test_a_search_for_several_objectives_ends_in_its_front(tmp_path: Path) -> None:
    search = "scheduler='none', trials=6, objectives=('accuracy', 'parameters'), sampler='nsga2'"
    (tmp_path / "searching.py").write_text(TEXT.replace("SEARCH\n", f"{search}\n"))
    said = run(tmp_path, "--study", "searching.py")
    assert "of 6 finished trials of the search; selected: the best 1 by accuracy" in said
    front = pd.read_csv(tmp_path / "runs" / "studies" / "searching" / "front.csv")
    known = {t.user_attrs["trial"]: t for t in trials(tmp_path)}
    best = front.iloc[0]
    assert best["validation/accuracy"] == max(t.values[0] for t in known.values())
    assert best["parameters"] == known[best["trial"]].values[1]
    assert best["model.channels"] == known[best["trial"]].params["model.channels"]
    assert all(r.status == "finished" for r in read_records(tmp_path / "runs").values())

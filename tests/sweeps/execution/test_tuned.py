"""A study whose levels are tuned before they are compared, run as a user runs it."""

import json
from pathlib import Path

import pytest

from sweeps.record.results import Results, load
from tests.sweeps.execution.test_runner import run

TEXT = '''
from cifar_models.architectures import PlainCNN
from cifar_models.datasets import Shapes
from cifar_models.optimizers import SGD, Adam
from cifar_models.recipe import Phase, Recipe
from search_spaces import LogRange, Study, TunedOneFactor, factor, tuned

PLAIN = SGD(lr=0.05)
STUDY = Study(
    name="tuned",
    question="Which optimizer, when each is tuned as much?",
    base=Recipe(
        dataset=Shapes(train_size=200, test_size=100),
        model=PlainCNN(channels=(4, 8)),
        phases=(Phase(epochs=2, optimizer=PLAIN),),
        batch_size=20,
    ),
    factors=(
        factor("optimizer", "optimizer", sgd=tuned(PLAIN, "lr"), adam=tuned(Adam(), "lr")),
    ),
    design=TunedOneFactor(trials=3),
    seeds=2,
)
'''  # fmt: skip

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tuned")
    (folder / "tuned.py").write_text(TEXT)
    return folder


@pytest.fixture(scope="module")
def output(folder: Path) -> str:
    return run(folder, "--study", "tuned.py")


def results(folder: Path) -> Results:
    return load("tuned", f"sqlite:///{folder / 'runs' / 'mlflow.db'}")


def test_each_level_is_compared_as_it_was_tuned_best(folder: Path, output: str) -> None:
    trials = results(folder).trials
    assert trials["role"].value_counts().to_dict() == {"tuning": 6, "ablation": 4}
    for level in ("sgd", "adam"):
        of_level = trials[trials["level"] == level].set_index("role")
        tried = of_level.loc["tuning"].reset_index()
        best = tried.loc[tried["validation/accuracy"].idxmax()]
        assert set(of_level.loc["ablation", "variant"]) == {best["variant"]}
        assert not set(of_level.loc["ablation", "trial"]) & set(tried["trial"])
    assert "What each level was given before it was compared" in output


def test_a_tuned_study_trains_nothing_twice(folder: Path, output: str) -> None:
    journal = folder / "runs" / "journal.jsonl"
    before = journal.read_text()
    assert sum(json.loads(line)["event"] == "result" for line in before.splitlines()) == 10 * 2
    again = run(folder, "--study", "tuned.py")
    assert journal.read_text() == before
    table = output[output.index("tuned: Which") :]
    assert table in again

from pathlib import Path

import pytest

from benchmarks import speedrun
from benchmarks.harness import Options
from benchmarks.harness.report import section
from benchmarks.speedrun import BENCHMARK, GOALS, RESNET9, RESNET18, Goal, measure
from benchmarks.trainer import SHAPE
from cifar_models.datasets import Shapes
from cifar_models.training import check
from search_spaces.bases import TINY_CNN

TINY = TINY_CNN.replace({"epochs": 1, "split.validation": 0})
DATA = Shapes(train_size=400, test_size=100).build(None)


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a tiny recipe be all that is measured, on images that are drawn."""
    monkeypatch.setattr(speedrun, "GOALS", {"tiny": Goal(TINY, 1.0, 600.0, (2, 3))})
    monkeypatch.setattr(speedrun, "cifar10", lambda _: DATA)


@pytest.mark.usefixtures("tiny")
@pytest.mark.parametrize(("scale", "runs"), [("quick", 2), ("standard", 2), ("full", 3)])
def test_every_run_has_a_time_and_an_accuracy(scale: str, runs: int) -> None:
    (case,) = measure(Options(scale=scale, threads=1))  # type: ignore[arg-type]
    mean, accuracy, seconds = case.figures
    assert accuracy.n == seconds.n == runs
    assert mean.median == pytest.approx(sum(accuracy.values) / runs)
    assert (mean.met, seconds.met) == (True, True)
    assert {window.work for window in case.windows} == {384}  # six batches of 64
    assert f"n = {runs}" in case.notes[0]


@pytest.mark.usefixtures("tiny")
def test_seeds_differ() -> None:
    (case,) = measure(Options(scale="full", threads=1))
    assert len(set(case.figures[1].values)) > 1


def test_without_the_real_data_it_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="cifar-10-batches-py is absent"):
        measure(Options(device="cuda", data_dir=tmp_path))


@pytest.mark.parametrize("name", GOALS)
def test_recipes_train_on_all_images_of_cifar(name: str) -> None:
    recipe = GOALS[name].recipe
    assert recipe.dataset.name == "cifar10"
    assert recipe.split.validation == 0
    assert check(recipe, SHAPE, 50_000) > 0


def test_the_reports_networks_are_theirs() -> None:
    assert check(RESNET9, SHAPE, 50_000) == 6_573_130
    assert check(RESNET18, SHAPE, 50_000) == 11_173_962
    assert (RESNET9.epochs, RESNET18.epochs) == (12, 150)


def test_the_claim_of_94_percent_has_fifty_runs() -> None:
    assert all(GOALS[name].runs[1] >= 50 for name in ("speedrun", "speedrun, Muon"))


def test_without_a_gpu_it_stays_open() -> None:
    assert "no GPU was at hand" in section("speedrun", BENCHMARK, [])

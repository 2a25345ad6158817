"""The race of three sweeps: when each had the best accuracy that all of them reached."""

import pytest

from benchmarks.harness import Options
from benchmarks.sweep import OURS, STOCK, TUNED, base, race_figures, task
from tests.benchmarks.harness.measured import window


def test_the_race_is_to_the_best_accuracy_that_all_reached() -> None:
    epochs = {
        STOCK: [(10.0, 0.3), (50.0, 0.5), (90.0, 0.6), (100.0, 0.0)],
        TUNED: [(20.0, 0.5), (40.0, 0.0)],
        OURS: [(5.0, 0.4), (10.0, 0.55), (20.0, 0.0)],
    }
    windows = [window(name, 0, 1.0) for name in epochs]
    figures, (note,) = race_figures(epochs, windows, {STOCK: 5.0, TUNED: 2.0})
    found = {figure.name: figure.median for figure in figures}
    assert found[f"{OURS} over {STOCK}: to the same best accuracy"] == pytest.approx(5.0)
    assert found[f"{OURS} over {TUNED}: to the same best accuracy"] == pytest.approx(2.0)
    assert found[f"{OURS} over {STOCK}: to the end"] == pytest.approx(5.0)
    assert found[f"{OURS} over {STOCK}: to the end, an epoch"] == pytest.approx(10 / 3)
    assert "Validation accuracy 0.500" in note
    assert "3 epochs" in note


def test_all_scripts_train_the_same_images_at_the_same_rates() -> None:
    options = Options(scale="quick")
    first, again = task(options), task(options)
    assert first.rates == again.rates
    assert len(set(first.rates)) == len(first.rates)
    recipe = base(None, len(first.train.labels), first.epochs)
    assert recipe.model == first.model
    assert (recipe.batch_size, recipe.epochs) == (first.batch_size, first.epochs)

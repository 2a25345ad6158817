from pathlib import Path

import pytest

from sweeps.analysis.plot.curves import learning_curves
from sweeps.analysis.plot.forest import difference_forest
from sweeps.analysis.plot.style import BASELINE, COLOURS, looks, save
from sweeps.analysis.table import ablation_table
from tests.sweeps.analysis import frames


@pytest.mark.parametrize("suffix", [".png", ".svg", ".pdf"])
def test_figures_are_saved_and_reproducible(tmp_path: Path, suffix: str) -> None:
    table = ablation_table(frames.small(), frames.CONTEXT)
    first = save(difference_forest(table), tmp_path / "plots" / f"forest{suffix}")
    second = save(difference_forest(table), tmp_path / f"again{suffix}")
    assert first.stat().st_size > 5000
    assert first.read_bytes() == second.read_bytes()


def test_an_unknown_suffix_is_refused(tmp_path: Path) -> None:
    figure = difference_forest(ablation_table(frames.small(), frames.CONTEXT))
    with pytest.raises(ValueError, match=r"name it \.png, \.svg or \.pdf"):
        save(figure, tmp_path / "forest.bmp")


def test_nothing_finished_is_a_picture_that_says_so(tmp_path: Path) -> None:
    trials = frames.small().assign(status="running")
    save(learning_curves(frames.curves(trials), trials), tmp_path / "curves.png")
    save(difference_forest(ablation_table(trials, frames.CONTEXT)), tmp_path / "forest.png")


def test_names_are_no_mathematics(tmp_path: Path) -> None:
    levels = {"_relu": [0.70, 0.72], "a$b^2$": [0.71, 0.75]}
    trials = frames.trials({"x_$": levels})
    save(learning_curves(frames.curves(trials), trials), tmp_path / "curves.png")
    save(difference_forest(ablation_table(trials, frames.CONTEXT)), tmp_path / "forest.svg")


def test_no_two_of_many_levels_look_alike_and_the_baseline_is_black() -> None:
    found = looks([("base", True), *((f"l{number}", False) for number in range(20))])
    assert found["base"][0] == BASELINE
    assert found["l0"][0] == COLOURS[0]
    assert len(set(found.values())) == 21

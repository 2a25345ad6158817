import json
import subprocess
import sys
from pathlib import Path
from typing import Literal

import pytest
from torch import nn

from cifar_models.activations import Activation
from cifar_models.component import forget
from search_spaces import Study, factor
from sweeps import StudyResults, results, run
from tests.sweeps.record.small import RECIPE

NOTEBOOK = Path(__file__).parents[2] / "docs" / "notebook.ipynb"


def shown(state: Path) -> StudyResults:
    return results("small", str(state))


def test_a_result_shows_itself_as_its_table(recorded: Path) -> None:
    found = shown(recorded)
    assert found.table.set_index("level").loc["elu", "validation_mean"] == pytest.approx(0.71)
    assert "<table" in found._repr_html_()
    assert "| elu" in repr(found)
    assert len(found.trials) == 9
    assert len(found.curves) == 27


def test_figures_show_themselves(recorded: Path) -> None:
    figures = shown(recorded).figures
    assert {"differences", "curves"} <= figures.keys()
    assert figures["differences"]._repr_png_().startswith(b"\x89PNG")


def test_the_report_is_a_page(recorded: Path) -> None:
    assert shown(recorded).report().lstrip().lower().startswith("<!doctype html>")


def test_a_study_that_is_not_there_is_a_sentence(recorded: Path) -> None:
    with pytest.raises(ValueError, match="no results of a study 'other'"):
        results("other", str(recorded))


def test_components_of_a_notebooks_cells_are_a_sentence(tmp_path: Path) -> None:
    class InACell(Activation):
        name: Literal["in_a_cell"] = "in_a_cell"

        def build(self) -> nn.Module:
            return nn.Identity()

    levels = factor("activation", "model.activation", "relu", InACell())
    study = Study(name="cell", question="Does it run?", base=RECIPE, factors=(levels,))
    try:
        with pytest.raises(ValueError, match="InACell is not of this project: put the study into"):
            run(study, str(tmp_path / "runs"))
    finally:
        forget(InACell.__module__)
    assert not (tmp_path / "runs").exists()


@pytest.mark.slow
def test_the_notebook_runs(tmp_path: Path) -> None:
    cells = json.loads(NOTEBOOK.read_text())["cells"]
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    script = tmp_path / "cells.py"
    script.write_text("\n".join([*code, "print(repr(found))"]))
    ran = subprocess.run(
        [sys.executable, str(script)], cwd=tmp_path, check=True, timeout=600, capture_output=True,
        text=True,
    )  # fmt: skip
    assert "| tanh" in ran.stdout
    assert (tmp_path / "runs" / "mlflow.db").exists()


def test_the_notebook_shows_what_it_gave() -> None:
    outputs = [cell.get("outputs", []) for cell in json.loads(NOTEBOOK.read_text())["cells"]]
    shown = json.dumps(outputs)
    assert "image/png" in shown
    assert "text/html" in shown

"""docs/own_data.py, run as it stands: own data and an own metric, through to the table."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from cifar_models.source_file import SourceFile, load_source
from cifar_models.splits import partition
from sweeps.record.results import load
from tests.sweeps.commands.command_line import call

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "docs" / "own_data.py"
TEXT = EXAMPLE.read_text(encoding="utf-8")
ON_SHAPES = TEXT.replace("dataset=Stripes()", 'dataset="shapes"').replace(
    'name="own_data"', 'name="on_shapes"'
)

pytestmark = [pytest.mark.timeout(300), pytest.mark.usefixtures("unloaded_studies")]


def run(folder: Path, *options: str | Path) -> str:
    done = subprocess.run(
        [sys.executable, ROOT / "sweeps" / "ablation.py", "--seeds", "1", *options],
        cwd=folder, capture_output=True, text=True, check=False,
        env=os.environ | {"COLUMNS": "200"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder in which the example was run with one seed, and what that printed."""
    folder = tmp_path_factory.mktemp("own_data")
    (folder / "on_shapes.py").write_text(ON_SHAPES, encoding="utf-8")
    return folder, run(folder, "--study", EXAMPLE)


def test_the_images_are_what_the_example_says() -> None:
    stripes = load_source(SourceFile("own_data.py", TEXT)).Stripes()
    data = stripes.build(None)
    assert data.train.pixels.shape == (1200, 28, 28, 1)
    assert (data.shape.channels, data.shape.num_classes) == (1, 4)
    assert data.fingerprint == stripes.build(None).fingerprint
    parts = partition(data, load_source(SourceFile("own_data.py", TEXT)).STUDY.base.split)
    assert {len(part) for part in (parts.train, parts.test)} == {1080, 400}


@pytest.mark.slow
def test_own_data_and_metric_come_through_to_the_table(ran: tuple[Path, str]) -> None:
    folder, output = ran
    assert "stripes: 1,080 training, 120 validation, 400 test images" in " ".join(output.split())
    assert "Recall of the worst class in %" in output
    assert "epochs to 90 %" in " ".join(output.split())
    words = ("table", "--study", EXAMPLE, "--storage", folder / "runs")
    frame = pd.read_csv(io.StringIO(call(*words, "--format", "csv").stdout)).set_index("level")
    assert set(frame["measure"]) == {"worst_class"}
    assert frame["test_mean"].between(0, 1).all()
    assert frame.loc["no", "test_mean"] > frame.loc["yes", "test_mean"] + 0.3
    assert frame.loc["no", "epochs_to_accuracy_0.9"] in (2, 3, 4)
    assert frame.loc["yes", "epochs_to_accuracy_0.9_n"] == 0
    assert "not reached" in call(*words, "--format", "md").stdout
    convolutions = 28 * 28 * 8 * 9 * 2 * 2 + 14 * 14 * 16 * 8 * 9 * 2 * 3
    assert (frame["flops"] == convolutions + 16 * 4 * 2 * 3).all()


@pytest.mark.slow
def test_without_the_file_the_table_says_what_it_does_not_know(ran: tuple[Path, str]) -> None:
    folder, _ = ran
    text = call("table", "--study", "own_data", "--storage", folder / "runs").stdout
    assert "The class of worst_class was not at hand" in " ".join(text.split())
    assert "not reached" in text, "the costs are ours"


@pytest.mark.slow
def test_own_data_are_chosen_by_name_too(ran: tuple[Path, str]) -> None:
    folder, _ = ran
    places = ("--storage", folder / "runs", "--seeds", "1", "--json")
    plans = {
        name: json.loads(call("plan", "--study", folder / "on_shapes.py", *words, *places).stdout)
        for name, words in {"shapes": (), "stripes": ("--dataset", "stripes")}.items()
    }
    assert [phase["done"] for phase in plans["shapes"]["phases"]] == [0]
    assert [phase["done"] for phase in plans["stripes"]["phases"]] == [2], "the same two trials"
    output = run(folder, "--study", "on_shapes.py", "--dataset", "stripes")
    assert "stripes: 1,080 training, 120 validation, 400 test images" in " ".join(output.split())
    uri = f"sqlite:///{folder / 'runs' / 'mlflow.db'}"
    first, second = (load(study, uri).trials for study in ("own_data", "on_shapes"))
    assert set(first["trial"]) == set(second["trial"])


def test_data_that_nobody_has_are_refused_with_the_names_there_are() -> None:
    result = call("plan", "--study", EXAMPLE, "--dataset", "stripe")
    assert result.exit_code == 2
    assert "unknown dataset 'stripe': did you mean 'stripes'? known: cifar10" in result.stderr

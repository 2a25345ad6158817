"""Studies that are looked at, run as a user runs them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sweeps.record.results import Results, load

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

STUDY = '''
from typing import Literal

import torch

from cifar_models.diagnostics import Diagnostic, GradientFlow, Sharpness
from search_spaces import Study, factor
from search_spaces.bases import TINY_CNN


class Norms(Diagnostic):
    """Norm of the head's weights.

    Source: none.
    """

    name: Literal["norms"] = "norms"

    def analyse(self, trained):
        yield {"norm": trained.subject.layers["head"].norm().item()}


class Broken(Diagnostic):
    """Fails with tanh alone.

    Source: none.
    """

    name: Literal["broken"] = "broken"

    def analyse(self, trained):
        if any("Tanh" in type(m).__name__ for m in trained.subject.classifier.modules()):
            raise torch.OutOfMemoryError("tried to allocate 9 GiB")
        yield {"x": 1.0}


STUDY = Study(
    name="looked",
    question="Does the activation matter?",
    base=TINY_CNN.replace(
        {"dataset.train_size": 200, "dataset.test_size": 100, "batch_size": 20, "epochs": 2}
    ),
    factors=(factor("activation", "model.activation", "relu", "tanh"),),
    seeds=2,
    DIAGNOSTICS
)
'''
LOOKING = "diagnostics=(GradientFlow(), Sharpness(images=20), Norms(), Broken()),"


def run(folder: Path, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "sweeps", *words],
        cwd=folder, capture_output=True, text=True, check=False,
        env=os.environ | {"COLUMNS": "120"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def results(folder: Path) -> Results:
    return load("looked", f"sqlite:///{folder / 'runs' / 'mlflow.db'}")


def epochs(folder: Path) -> int:
    lines = (folder / "runs" / "journal.jsonl").read_text().splitlines()
    return sum(json.loads(line)["event"] == "result" for line in lines)


def test_a_study_is_looked_at_when_it_asks_for_it_and_then_no_more(tmp_path: Path) -> None:
    file, command = tmp_path / "looked.py", ("run", "--study", "looked.py")
    file.write_text(STUDY.replace("DIAGNOSTICS", ""))
    run(tmp_path, *command)
    before, trained = results(tmp_path), epochs(tmp_path)
    assert before.observations == {}

    file.write_text(STUDY.replace("DIAGNOSTICS", LOOKING))
    assert "2 trials that diagnostics have not seen" in run(tmp_path, "plan", *command[1:])
    told = run(tmp_path, *command).splitlines()
    (line,) = [line for line in told if "not seen" in line]
    assert line.startswith("  not seen by broken: ")
    why = "in epoch 1: OutOfMemoryError: tried to allocate 9 GiB"
    assert line.endswith(f": {why}; once mended, --fresh looks again")
    after = results(tmp_path)
    assert epochs(tmp_path) == trained + 2 * 2, "the first seed of two levels, two epochs each"
    broken = after.observations.pop("broken")
    assert set(broken["level"]) == {"relu"}
    assert set(after.trials["status"]) == {"finished"}
    assert list(after.observations) == ["gradient_flow", "sharpness", "norms"]
    for frame in after.observations.values():
        assert set(frame["level"]) == {"relu", "tanh"}
        assert set(frame["seed"]) == {0}
    same = ["trial", "validation/loss", "test/accuracy"]
    assert after.trials[same].equals(before.trials[same]), "equal bit for bit on a CPU"

    assert "have not seen" not in run(tmp_path, "plan", *command[1:])
    run(tmp_path, "explain", "--study", "looked", "--out", "page.html")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "Gradient flow" in page
    data = "Its data are in broken.parquet; there is no figure of them."
    why = "tanh: not seen: in epoch 1: OutOfMemoryError: tried to allocate 9 GiB."
    assert f"<h3>broken</h3>\n<p>{data} {why}</p>" in page

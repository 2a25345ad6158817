"""A study of as many seeds as it takes, run as a user runs it, killed, and gone on with."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from sweeps.publication import table_of
from sweeps.record.results import Results, load
from tests.sweeps.execution.test_runner import SCRIPT, run

TEXT = '''
from cifar_models.architectures import PlainCNN
from cifar_models.datasets import Shapes
from cifar_models.optimizers import SGD
from cifar_models.recipe import Phase, Recipe
from search_spaces import Study, factor

STUDY = Study(
    name="sequential",
    question="Which of them matter?",
    base=Recipe(
        dataset=Shapes(train_size=400, test_size=100),
        model=PlainCNN(channels=(4, 8)),
        phases=(Phase(epochs=1, optimizer=SGD(lr=0.05)),),
        batch_size=20,
    ),
    factors=(
        factor("loss", "loss", "cross_entropy", "focal"),  # far lower by its formula alone
        factor("activation", "model.activation", "relu", "leaky_relu"),
    ),
    metric="loss",
    seeds="auto:3,4",
)
'''  # fmt: skip

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def results(folder: Path) -> Results:
    return load("sequential", f"sqlite:///{folder / 'runs' / 'mlflow.db'}")


def trained(folder: Path) -> list[str]:
    """Return the trial of each result in the journal."""
    lines = (folder / "runs" / "journal.jsonl").read_text().splitlines()
    return [event["trial"] for line in lines if (event := json.loads(line))["event"] == "result"]


def kill_in_its_second_look(folder: Path) -> None:
    """Start the study, and kill its driver when a trial of the second look has begun."""
    driver = subprocess.Popen(
        [sys.executable, str(SCRIPT), "--study", "sequential.py", "--max-concurrent", "1"],
        cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=dict(os.environ),
    )  # fmt: skip
    journal = folder / "runs" / "journal.jsonl"
    while not journal.exists() or len(set(trained(folder))) < 10:
        assert driver.poll() is None, "it ended before it could be killed"
        time.sleep(0.05)
    driver.send_signal(signal.SIGKILL)
    driver.wait()


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return where the study ran through, and where it was killed and run again."""
    whole, killed = (tmp_path_factory.mktemp(name) for name in ("whole", "killed"))
    for folder in (whole, killed):
        (folder / "sequential.py").write_text(TEXT)
    run(whole, "--study", "sequential.py")
    kill_in_its_second_look(killed)
    run(killed, "--study", "sequential.py")
    return whole, killed


def test_what_is_decided_at_the_first_look_gets_no_more_seeds(folders: tuple[Path, Path]) -> None:
    trials = results(folders[0]).trials.groupby(["factor", "level"])["seed"].agg(set).to_dict()
    assert trials == {
        ("loss", "cross_entropy"): {0, 1, 2},
        ("loss", "focal"): {0, 1, 2},
        ("activation", "relu"): {0, 1, 2, 3},
        ("activation", "leaky_relu"): {0, 1, 2, 3},
    }
    table = table_of(results(folders[0]))
    assert not table.interim
    assert table.frame["test_mean"].notna().all()
    assert "Decided: loss=focal after 3 seeds (look 1)." in table.caption


def test_killed_in_its_second_look_it_goes_on_to_the_same_table(
    folders: tuple[Path, Path],
) -> None:
    whole, killed = (table_of(results(folder)).frame for folder in folders)
    pd.testing.assert_frame_equal(
        whole.drop(columns="seconds"), killed.drop(columns="seconds"), check_exact=True
    )
    assert len(trained(folders[1])) == len(set(trained(folders[1]))) == 11


def test_another_rule_is_refused_when_it_has_begun(folders: tuple[Path, Path]) -> None:
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "--study", "sequential.py", "--seeds", "auto:3,5"],
        cwd=folders[0], capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2, done.stdout + done.stderr
    assert "has begun with other seeds" in done.stderr
    assert "Traceback" not in done.stderr

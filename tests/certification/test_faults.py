"""What else goes wrong: a full disk, a tracking server that dies, trials that cannot be trained."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sweeps.record.mlflow_runs import Runs
from tests.certification import victims
from tests.certification.evidence import Evidence, as_json
from tests.certification.server import Server
from tests.certification.studies import ABLATION

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[None]:
    """Let a folder be a disk of its own, of so many megabytes."""
    folder.mkdir(exist_ok=True)
    _mount("-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder))
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(file: Path) -> None:
    """Write to a file until the disk takes no more."""
    with file.open("wb", buffering=0) as stream:
        while True:
            stream.write(bytes(4096))


def _mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a disk of any size")
def test_a_full_disk_ends_a_study_with_a_sentence_and_room_lets_it_go_on(tmp_path: Path) -> None:
    study = ABLATION
    study.write(tmp_path / "undisturbed")
    assert victims.start(tmp_path / "undisturbed").wait() == 0
    study.write(tmp_path / "full")
    full, runs = Evidence(tmp_path / "full"), tmp_path / "full" / "runs"
    with small_disk(runs, megabytes=2):
        filler = runs / "filler"
        driver = victims.start(full.folder)
        victims.wait_for_lines(driver, full.state / "journal.jsonl", 20)
        with pytest.raises(OSError, match="No space"):
            fill(filler)
        assert driver.wait(victims.PATIENCE) == 130
        output = (full.folder / "output").read_text()
        assert "Traceback" not in output
        (told,) = [line for line in output.splitlines() if line.startswith("Stopped.")]
        assert "No space left on device" in told
        assert "the same command goes on" in told

        filler.unlink()
        _mount("-o", "remount,size=200m", str(runs))
        assert victims.start(full.folder).wait() == 0
        twin = Evidence(tmp_path / "undisturbed")
        assert as_json(full.outcome()) == as_json(twin.outcome())
        assert full.table() == twin.table()
        assert (full.duplicates(), full.lost()) == (0, 0)


def test_a_tracking_server_that_dies_and_comes_back_misses_nothing(tmp_path: Path) -> None:
    study = ABLATION
    study.write(tmp_path / "study")
    evidence = Evidence(tmp_path / "study")
    journal = evidence.state / "journal.jsonl"
    with Server(tmp_path / "server") as server:
        driver = victims.start(evidence.folder, "--tracking-uri", server.uri)
        victims.wait_for_lines(driver, journal, 20)
        server.kill()
        victims.wait_for_lines(driver, journal, 50)
        assert driver.poll() is None, "it ended before the server was back"
        assert not server.answers()
        server.start()
        assert driver.wait(victims.PATIENCE) == 0
        runs = Runs(server.uri, reading=True)
        trials = runs.find(kind="trial")
        epochs = {run.data.tags["trial"]: run.data.metrics["epochs"] for run in trials}
        assert len(trials) == len(epochs) == 12
        assert epochs == {trial: known.epochs for trial, known in evidence.records().items()}
        assert {run.info.status for run in [*trials, *runs.find(kind="study")]} == {"FINISHED"}


def test_trials_that_cannot_be_trained_are_rows_and_stop_nothing(tmp_path: Path) -> None:
    """One diverges at once; one asks for more memory than its process may have."""
    ABLATION.write(tmp_path / "study")
    file = tmp_path / "study" / "certified.py"
    text = file.read_text().replace("factors=(ACTIVATION,), seeds=4", _UNTRAINABLE)
    file.write_text(text.replace("BASE = Recipe(", f"{_HUNGRY}\n\nBASE = Recipe("))
    assert victims.start(tmp_path / "study").wait() == 0
    evidence = Evidence(tmp_path / "study")
    statuses = sorted(known.status for known in evidence.records().values())
    assert statuses == ["diverged"] * 2 + ["finished"] * 2 + ["out_of_memory"] * 2
    output = (tmp_path / "study" / "output").read_text()
    assert "2 diverged" in output
    assert "2 out_of_memory" in output
    assert output.count("can't allocate memory") == 1


_UNTRAINABLE = """factors=(
        factor("activation", "model.activation", "relu", Hungry()),
        factor("rate", "optimizer.lr", 0.05, exploding=1e30),
    ),
    seeds=2,"""

_HUNGRY = '''
import resource

import torch
from torch import nn

from cifar_models.activations import Activation


class Hungry(Activation):
    """Wants four times the memory that its process may have. Source: this file."""

    name: Literal["hungry"] = "hungry"

    def build(self) -> nn.Module:
        return Wants()


class Wants(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        pages = int(open("/proc/self/statm").read().split()[0])
        before = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (pages * 4096 + 2**30, before[1]))
        try:
            return x + torch.ones(2**32, dtype=torch.uint8)[0]
        finally:
            resource.setrlimit(resource.RLIMIT_AS, before)
'''

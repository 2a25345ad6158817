"""Trials that take too much: time, or so much memory that Ray's monitor kills workers."""

from pathlib import Path

import pytest
from optuna.trial import TrialState

from tests.certification import victims
from tests.certification.evidence import Evidence
from tests.certification.studies import ABLATION

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

_TROUBLE = '''
import time

import torch
from torch import nn

from cifar_models.activations import Activation


class Trouble(Activation):
    """Does no good. Source: this file."""

    name: Literal["trouble"] = "trouble"

    def build(self) -> nn.Module:
        return Troubles()


class Troubles(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        {trouble}
        return x
'''
_SEARCH = """search=Search(
        space={"model.activation": choice("relu", Trouble())}, trials=2, sampler="grid",
    ),
    factors=(factor("activation", "model.activation", "relu", Trouble()),),
    seeds=2,"""
_ABLATION = """factors=(factor("activation", "model.activation", "relu", "tanh", Trouble()),),
    seeds=2,"""


def write(folder: Path, trouble: str, asks: str) -> Evidence:
    """Write a study in which one activation makes trouble."""
    ABLATION.write(folder)
    file = folder / "certified.py"
    text = file.read_text().replace("factors=(ACTIVATION,), seeds=4", asks)
    own = _TROUBLE.format(trouble=trouble)
    file.write_text(text.replace("BASE = Recipe(", f"{own}\n\nBASE = Recipe("))
    return Evidence(folder)


def statuses(evidence: Evidence) -> list[str]:
    return sorted(known.status for known in evidence.records().values())


def test_a_trial_that_hangs_is_ended_and_the_study_goes_on(tmp_path: Path) -> None:
    """Also in a cohort, in which others wait for it."""
    evidence = write(tmp_path / "study", "time.sleep(1e6)", _SEARCH)
    limited = ("--trial-time-limit", "30", "--deterministic")
    assert victims.start(evidence.folder, *limited).wait() == 0
    assert statuses(evidence) == ["finished"] * 3 + ["timed_out"] * 3
    late = [t for t in evidence.suggestions() if t.params["model.activation"] == "trouble"]
    assert {t.state for t in late} == {TrialState.PRUNED}
    assert all(max(t.constraints.values()) > 0 for t in late)
    output = (evidence.folder / "output").read_text()
    assert "took longer than --trial-time-limit 30: 0.0 s for 0 epochs and 30." in output
    assert "2 timed_out" in output

    journal = (evidence.state / "journal.jsonl").read_bytes()
    assert victims.start(evidence.folder, *limited).wait() == 0
    assert (evidence.state / "journal.jsonl").read_bytes() == journal, "nothing is tried again"


def test_rays_memory_monitor_ends_the_trial_that_takes_the_memory(tmp_path: Path) -> None:
    """Others that it kills go on from their checkpoints."""
    takes = "self.held = [torch.full((2**26,), float(n)) for n in range(12)]; time.sleep(5)"
    evidence = write(tmp_path / "study", takes, _ABLATION)
    capacity, free = (_meminfo(name) for name in ("MemTotal", "MemAvailable"))
    if free < 8 * 2**30:
        pytest.skip("so little memory is free that the monitor's other victims would be many")
    threshold = (capacity - free + 4 * 2**30) / capacity
    monitor = {
        "RAY_memory_usage_threshold": f"{threshold:.4f}",
        "RAY_memory_monitor_refresh_ms": "100",
    }
    assert victims.start(evidence.folder, **monitor).wait() == 0
    assert statuses(evidence) == ["finished"] * 4 + ["out_of_memory"] * 2
    output = (evidence.folder / "output").read_text()
    assert "Ray's memory monitor killed its worker, which held" in output
    assert "killed for memory" in output
    assert "2 out_of_memory" in output
    assert (evidence.duplicates(), evidence.lost()) == (0, 0)


def _meminfo(name: str) -> int:
    """Return a line of the kernel's account of memory, in bytes."""
    lines = dict(line.split(":") for line in Path("/proc/meminfo").read_text().splitlines())
    return int(lines[name].split()[0]) * 1024


@pytest.mark.parametrize("full", [False, True], ids=["room on disk", "disk full as well"])
def test_images_that_exceed_rays_object_store(full: bool, tmp_path: Path) -> None:
    """Ray keeps them on disk; when that is full too, the command says so."""
    ABLATION.write(tmp_path / "study")
    evidence = Evidence(tmp_path / "study")
    file = evidence.folder / "certified.py"
    text = file.read_text().replace("seeds=4", "seeds=1")
    text = text.replace("train_size=2000", "train_size=40000").replace("epochs=4", "epochs=1")
    file.write_text(text.replace('{"validation": 200}', '{"validation": 38000}'))
    store = {"RAY_DEFAULT_OBJECT_STORE_MAX_MEMORY_BYTES": str(90 * 2**20)}  # of 123 MB
    if full:
        store["RAY_local_fs_capacity_threshold"] = "0.001"
    code = victims.start(evidence.folder, **store).wait()
    output = (evidence.folder / "output").read_text()
    if full:
        assert code == 2
        assert "error: Ray's object store is full, and so is the disk behind it" in output
        assert "Traceback" not in output
    else:
        assert code == 0
        assert set(statuses(evidence)) == {"finished"}

"""The printed command is run as it stands: it must train on to the trial's own numbers."""

import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from cifar_models import checkpoint as checkpoints
from cifar_models.numerics import Numerics
from sweeps.record.identity import TrialSpec
from sweeps.record.journal import TrialRecord
from sweeps.record.places import checkpoint_url, resolve_places
from sweeps.record.trial_history import TrialHistory
from sweeps.single_trial import recipe_file, write_trial
from tests.cifar_models.small import RECIPE, images, measured, start
from tests.sweeps.record.small import metrics

NUMERICS = Numerics(threads=2, channels_last=False)
"""Others than the defaults: the command must bring them."""


@pytest.fixture
def spec() -> TrialSpec:
    images()
    return TrialSpec(RECIPE, 7, NUMERICS, RECIPE.dataset.build(None).fingerprint)


def history(spec: TrialSpec, status: str, epochs: int = 0) -> TrialHistory:
    results = {e: {"epoch": e, "metrics": metrics(e)} for e in range(1, epochs + 1)}
    return TrialHistory(TrialRecord(spec.id, spec.to_json(), {}, results, status))


def run(command: str, *more: str) -> str:
    words = shlex.split(command)
    assert words[0] == "python"
    done = subprocess.run([sys.executable, *words[1:], *more], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def test_the_command_trains_on_as_the_trial_would_have(tmp_path: Path, spec: TrialSpec) -> None:
    places = resolve_places(str(tmp_path / "with space"))
    whole = start(RECIPE, 7, numerics=NUMERICS)
    next(whole)
    next(whole)
    url = checkpoint_url(places.storage, spec.id)
    checkpoints.save(whole.checkpoint(), url)
    before = Path(url).read_bytes()
    list(whole)

    alone = write_trial(history(spec, "failed", 2), places)
    assert f"--seed 7 --resume '{url}'" in alone.command
    out = tmp_path / "out.pt"
    said = run(alone.command, "--checkpoint", str(out))
    assert "epoch 2/5" not in said
    assert "epoch 3/5" in said
    end = checkpoints.load(str(out))
    again = start(RECIPE, 7, end, NUMERICS)
    assert measured(again) == measured(whole)
    for name, weight in whole.classifier.state_dict().items():
        assert torch.equal(end.weights[name], weight), name
    assert Path(url).read_bytes() == before  # the trial's own is left alone


def test_a_finished_trial_is_trained_again_and_compared(tmp_path: Path, spec: TrialSpec) -> None:
    places = resolve_places(str(tmp_path))
    whole = start(RECIPE, 7, numerics=NUMERICS)
    found = history(spec, "finished")
    for result in whole:
        found.record.results[result.epoch] = {"epoch": result.epoch, "metrics": result.metrics}
    url = checkpoint_url(places.storage, spec.id)
    checkpoints.save(whole.checkpoint(), url)
    alone = write_trial(found, places)
    assert alone.checkpoint == url
    assert "--resume" not in alone.command  # there is nothing behind it
    assert "reproduced exactly: train/loss" in run(alone.command)


@pytest.mark.parametrize("content", [None, b"torn"])
def test_without_a_whole_checkpoint_there_is_no_resume(
    tmp_path: Path, spec: TrialSpec, content: bytes | None
) -> None:
    places = resolve_places(str(tmp_path))
    if content is not None:
        file = Path(checkpoint_url(places.storage, spec.id))
        file.parent.mkdir()
        file.write_bytes(content)
    alone = write_trial(history(spec, "interrupted", 1), places)
    assert alone.checkpoint is None
    assert "--resume" not in alone.command


def test_only_a_finished_trial_has_numbers_to_compare_with(spec: TrialSpec) -> None:
    assert "metrics" in recipe_file(history(spec, "finished", 5).record)
    assert "metrics" not in recipe_file(history(spec, "failed", 3).record)


def test_the_users_own_file_goes_along(tmp_path: Path, spec: TrialSpec) -> None:
    places = resolve_places(str(tmp_path / "runs"))
    found = history(spec, "failed")
    found.components = "A = 1\n"
    copy = places.trials / f"{spec.id}.py"
    assert f"--components {copy}" in write_trial(found, places).command
    assert copy.read_text(encoding="utf-8") == "A = 1\n"
    copy.write_text("A = 1\nprint(A)\n", encoding="utf-8")
    write_trial(found, places)
    assert "print" in copy.read_text(encoding="utf-8")  # somebody is debugging it
    own = tmp_path / "own.py"
    alone = write_trial(found, places, own_file=own, data_dir=Path("d"))
    assert f"--components {own} --data-dir d" in alone.command


def test_a_recipe_that_lacks_its_file_says_so(tmp_path: Path, spec: TrialSpec) -> None:
    found = history(spec, "failed")
    assert write_trial(found, resolve_places(str(tmp_path))).missing == ""
    found.record.spec["recipe"]["model"]["activation"] = {"name": "mine"}
    missing = write_trial(found, resolve_places(str(tmp_path))).missing
    assert "unknown activation 'mine'" in missing
    assert "give --components FILE.py" in missing


def test_a_state_that_cannot_be_written_is_a_sentence(tmp_path: Path, spec: TrialSpec) -> None:
    (tmp_path / "trials").touch()
    with pytest.raises(ValueError, match=r"cannot write .*trials.*; give another --state"):
        write_trial(history(spec, "failed"), resolve_places(str(tmp_path)))

from pathlib import Path

import pytest
import torch
from safetensors import safe_open

from cifar_models import checkpoint as checkpoints
from cifar_models.architectures import ImageShape
from sweeps.export.weights import export_weights
from sweeps.record.places import checkpoint_url
from tests.sweeps.export.exported import exported


def test_the_weights_of_the_epoch_that_counts_are_written(tmp_path: Path) -> None:
    recipe = exported(tmp_path)
    file, shape = export_weights(recipe, str(tmp_path), None)
    assert file == tmp_path / "best.safetensors"
    assert shape == ImageShape(3, 32, 32, 10)
    epoch, weights = checkpoints.load(checkpoint_url(str(tmp_path), "abc")).selected("best")
    with safe_open(file, framework="pt") as written:
        told = written.metadata()
        assert set(written.keys()) == set(weights)
        assert all(torch.equal(written.get_tensor(name), weights[name]) for name in weights)
    assert (told["trial"], told["epoch"], told["height"]) == ("abc", str(epoch), "32")


def test_weights_that_are_gone_are_a_sentence(tmp_path: Path) -> None:
    recipe = exported(tmp_path)
    with pytest.raises(ValueError, match=r"no weights of trial abc: .* is gone"):
        export_weights(recipe, str(tmp_path / "elsewhere"), None)

import os
from pathlib import Path

import mlflow
import numpy as np
import pytest
import torch

from cifar_models import checkpoint as checkpoints
from cifar_models.training import build_classifier
from sweeps.export.model_registry import register
from sweeps.export.weights import export_weights
from sweeps.record.places import checkpoint_url
from tests.sweeps.export.exported import exported
from tests.sweeps.record.small import RECIPE, open_runs


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*type hint:UserWarning")  # MLflow imports classes of its own
def test_a_registered_model_predicts_as_torch_does(
    state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    run = open_runs(state).create_parent("small", "?")
    recipe = exported(tmp_path, run)
    weights, shape = export_weights(recipe, str(tmp_path), None)
    uri = f"sqlite:///{state}/mlflow.db"
    assert register("winner", uri, recipe, weights, shape) == "models:/winner/1"
    assert "MLFLOW_TRACKING_URI" not in os.environ, "what comes after it works where it did"
    assert not any((tmp_path / "here").iterdir())  # it lies with the run, not in ./mlruns
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    images = RECIPE.dataset.build(None).test.pixels[:5]
    found = mlflow.pyfunc.load_model("models:/winner/1").predict(images)
    classifier = build_classifier(RECIPE, shape)
    _, best = checkpoints.load(checkpoint_url(str(tmp_path), "abc")).selected("best")
    classifier.load_state_dict(best)
    with torch.inference_mode():
        logits = classifier.eval()(torch.from_numpy(images).permute(0, 3, 1, 2))
    np.testing.assert_array_equal(found, logits.softmax(dim=1).numpy())
    assert np.allclose(found.sum(axis=1), 1.0)

"""An exported classifier as MLflow serves it: images in, probabilities out.

MLflow keeps this file with the model, and loads the model by it; nothing is unpickled.
"""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from safetensors import safe_open

from cifar_models.architectures import ImageShape
from cifar_models.classifier import Classifier
from cifar_models.provenance import read_recipe
from cifar_models.recipe import read_text
from cifar_models.source_file import SourceFile, load_source
from cifar_models.training import build_classifier

RECIPE, WEIGHTS, COMPONENTS = "recipe.yaml", "weights.safetensors", "components.py"


class ServedClassifier:
    """What MLflow asks for predictions."""

    def __init__(self, classifier: Classifier) -> None:
        self._classifier = classifier.eval()

    def predict(self, images: ArrayLike) -> NDArray[np.float32]:
        """Return class probabilities (N, classes) of uint8 images (N, height, width, channels)."""
        pixels = torch.from_numpy(np.ascontiguousarray(images, dtype=np.uint8))
        with torch.inference_mode():
            logits = self._classifier(pixels.permute(0, 3, 1, 2))
        probabilities: NDArray[np.float32] = logits.float().softmax(dim=1).numpy()
        return probabilities


def _load_pyfunc(path: str) -> ServedClassifier:
    """Return the model of a folder: the function that MLflow looks for."""
    folder = Path(path)
    own = folder / COMPONENTS
    if own.exists():
        load_source(SourceFile(own.name, read_text(own)))
    recipe, _ = read_recipe(folder / RECIPE)
    with safe_open(folder / WEIGHTS, framework="pt") as file:
        told = file.metadata()
        weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    shape = ImageShape(*(int(told[name]) for name in ImageShape.__annotations__))
    classifier = build_classifier(recipe, shape)
    classifier.load_state_dict(weights)
    return ServedClassifier(classifier)

"""The winner of a study as a model of MLflow's registry: `sweeps export --register NAME`."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

import mlflow
import numpy as np
from mlflow.models import Model, ModelSignature
from mlflow.types import Schema, TensorSpec
from numpy.typing import NDArray

import cifar_models
from cifar_models.architectures import ImageShape
from cifar_models.recipe import read_mapping, read_text
from sweeps.export import served_model

_SERVED_WITH = (
    "mlflow", "torch", "torchvision", "pytorch-optimizer", "numpy", "pydantic", "pyyaml", "fsspec",
    "tqdm", "safetensors",
)  # fmt: skip


def register(
    name: str, uri: str, recipe: Path, weights: Path, shape: ImageShape,
    components: Path | None = None,
) -> str:  # fmt: skip
    """Register an exported recipe with its weights, as a model of the run that trained them.

    The model holds all of `cifar_models` that it wants: it can be served without this project.

    Args:
        name: Of the model in the registry; a known one gets another version.
        uri: MLflow's server or database.
        recipe: As `sweeps export` wrote it.
        weights: As `export_weights` wrote them.
        shape: Of the images.
        components: The user's own file that the recipe needs.

    Returns:
        The model's URI.
    """
    client = mlflow.MlflowClient(uri)
    run = client.get_run(read_mapping(read_text(recipe))["provenance"]["run_id"])
    code = [Path(cifar_models.__file__).parent, Path(served_model.__file__)]
    with tempfile.TemporaryDirectory() as folder, _tracking_at(uri):
        _gather(Path(folder), recipe, weights, components)
        logged = client.create_logged_model(
            run.info.experiment_id, "classifier", run.info.run_id, params=run.data.params
        )
        model = Model.log(
            None, mlflow.pyfunc, registered_model_name=name, model_id=logged.model_id,
            run_id=run.info.run_id,
            loader_module=Path(served_model.__file__).stem, data_path=folder,
            code_paths=[str(path) for path in code],
            signature=signature(shape), input_example=example(shape),
            pip_requirements=[f"{package}=={version(package)}" for package in _SERVED_WITH],
        )  # fmt: skip
    return f"models:/{name}/{model.registered_model_version}"


@contextmanager
def _tracking_at(uri: str) -> Iterator[None]:
    """Let MLflow's functions, and processes begun meanwhile, work there; then where they did."""
    before = os.environ.get("MLFLOW_TRACKING_URI")
    mlflow.set_tracking_uri(uri)
    try:
        yield
    finally:
        mlflow.set_tracking_uri(before)  # type: ignore[arg-type]


def _gather(folder: Path, recipe: Path, weights: Path, components: Path | None) -> None:
    shutil.copy(recipe, folder / served_model.RECIPE)
    shutil.copy(weights, folder / served_model.WEIGHTS)
    if components is not None:
        shutil.copy(components, folder / served_model.COMPONENTS)


def signature(shape: ImageShape) -> ModelSignature:
    """Return what the model takes and gives: uint8 pixels, float32 probabilities."""
    images = TensorSpec(np.dtype(np.uint8), (-1, shape.height, shape.width, shape.channels))
    classes = TensorSpec(np.dtype(np.float32), (-1, shape.num_classes))
    return ModelSignature(inputs=Schema([images]), outputs=Schema([classes]))


def example(shape: ImageShape) -> NDArray[np.uint8]:
    """Return two grey images."""
    return np.full((2, shape.height, shape.width, shape.channels), 128, dtype=np.uint8)

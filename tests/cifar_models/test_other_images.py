"""Images of another size, with one channel or four, of few classes or many: served, or refused."""

import re
from typing import Any

import numpy as np
import pytest
import torch

from cifar_models.architectures import ImageShape, PlainCNN
from cifar_models.datasets import Images
from cifar_models.numerics import Numerics
from cifar_models.training import train
from tests.cifar_models.components import of
from tests.cifar_models.small import ONE_PHASE

SHAPES = [
    ImageShape(1, 28, 28, 4),
    ImageShape(4, 32, 33, 2),
    ImageShape(1, 9, 12, 3),
    ImageShape(3, 3, 2, 2),
    ImageShape(1, 1, 1, 2),
]


def images(shape: ImageShape, count: int) -> Images:
    """Return random images with each class in turn."""
    rng = np.random.default_rng(0)
    size = (count, shape.height, shape.width, shape.channels)
    pixels = rng.integers(0, 256, size, dtype=np.uint8)
    return Images(pixels, np.arange(count, dtype=np.int64) % shape.num_classes)


def sizes(shape: ImageShape) -> str:
    return f"{shape.channels}x{shape.height}x{shape.width}-{shape.num_classes}"


def trains(shape: ImageShape, **changes: Any) -> bool:
    """Train a step on such images, and validate; return False if that is refused beforehand."""
    small = {"batch_size": 2, "optimizer.lr": 1e-4, "model": PlainCNN(channels=(4,))}
    recipe = ONE_PHASE.replace(small | changes)
    parts = images(shape, 3), images(shape, 2)
    try:
        training = train(recipe, 0, *parts, Numerics(), shape.num_classes)
    except ValueError as refusal:
        (text,) = str(refusal).splitlines()
        assert re.search(f"{shape.height}x{shape.width}|of the image|{shape.channels}", text)
        assert re.search(": (use|leave) ", text), "what to do"
        return False
    result = next(training)
    assert result.status == "running"
    assert {"validation/accuracy", "validation/loss"} <= result.metrics.keys()
    return True


def parameters(kind: str) -> Any:
    return pytest.mark.parametrize("choice", of(kind))


every_shape = pytest.mark.parametrize("shape", SHAPES, ids=sizes)


@every_shape
@parameters("architecture")
def test_architectures(choice: type[Any], shape: ImageShape) -> None:
    done = trains(shape, model=choice())
    assert done or min(shape.height, shape.width) < 32


@every_shape
@parameters("augmentation")
def test_augmentations(choice: type[Any], shape: ImageShape) -> None:
    done = trains(shape, augmentation=[choice()])
    assert done or min(shape.height, shape.width) < 28 or shape.channels == 4


@every_shape
@parameters("test_time")
def test_views(choice: type[Any], shape: ImageShape) -> None:
    done = trains(shape, test_time=choice())
    assert done or min(shape.height, shape.width) < 9


@parameters("initialisation")
def test_initialisations(choice: type[Any]) -> None:
    assert trains(SHAPES[0], initialisation=choice())


@pytest.mark.parametrize("classes", [2, 4, 100])
@parameters("loss")
def test_losses(choice: type[Any], classes: int) -> None:
    assert trains(ImageShape(1, 12, 10, classes), loss=choice())


@pytest.mark.parametrize("classes", [2, 4, 100])
@parameters("metric")
def test_metrics(choice: type[Any], classes: int) -> None:
    targets = torch.tensor([0, 1, 1, 0, 1])  # most classes have no image at all
    logits = torch.randn(5, classes, generator=torch.Generator().manual_seed(0))
    for certain in (1.0, 1e4):
        value = choice().measure(logits * certain, targets, classes)
        assert isinstance(value, float)
        assert 0 <= value < float("inf")

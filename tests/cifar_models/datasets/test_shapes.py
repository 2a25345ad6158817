import time

import numpy as np
import pytest
from pydantic import ValidationError

from cifar_models.datasets import ImageData, Shapes

# Raised on purpose only: another rendering is other data, so every trial on it is another trial.
GOLDEN = "ec8ba8795c5ab8cb85afed27e9731446be55d24eeac073b9c4e432c7de69be06"


@pytest.fixture(scope="module")
def data() -> ImageData:
    return Shapes().build(None)


def _ridge_accuracy(data: ImageData) -> float:
    """Test accuracy of a linear model on pixels, fitted in closed form."""
    train, test = (
        images.pixels.reshape(len(images), -1).astype(np.float32) / 255 - 0.5
        for images in (data.train, data.test)
    )
    targets = np.eye(len(data.classes), dtype=np.float32)[data.train.labels]
    gram = train.T @ train + 1000 * np.eye(train.shape[1], dtype=np.float32)
    guess = (test @ np.linalg.solve(gram, train.T @ targets)).argmax(axis=1)
    return float((guess == data.test.labels).mean())


def test_arrays(data: ImageData) -> None:
    assert data.train.pixels.shape == (8000, 32, 32, 3)
    assert data.test.pixels.shape == (4000, 32, 32, 3)
    assert data.shape.num_classes == len(data.classes) == 10
    for images in (data.train, data.test):
        assert images.pixels.dtype == np.uint8
        assert images.labels.dtype == np.int64
        assert images.pixels.flags.c_contiguous


def test_classes_are_balanced_and_mixed(data: ImageData) -> None:
    assert np.bincount(data.train.labels).tolist() == [800] * 10
    assert np.bincount(data.test.labels).tolist() == [400] * 10
    assert len(set(data.train.labels[:50].tolist())) == 10
    uneven = Shapes(train_size=23, test_size=10).build(None)
    assert sorted(np.bincount(uneven.train.labels).tolist()) == [2] * 7 + [3] * 3


def test_same_seed_same_bytes_on_every_machine() -> None:
    small = Shapes(train_size=600, test_size=300)
    assert small.build(None).fingerprint == GOLDEN
    start = time.perf_counter()
    small.build(None)
    assert time.perf_counter() - start < 2, "12,000 images should take a very few seconds"


@pytest.mark.parametrize(
    "change", [{"seed": 1}, {"noise": 0.0}, {"clutter": 3}, {"rotation": 180}], ids=str
)
def test_each_field_changes_the_images(change: dict[str, float]) -> None:
    small = Shapes(train_size=20, test_size=10)
    other = Shapes.model_validate(small.model_dump() | change)
    assert other.build(None).fingerprint != small.build(None).fingerprint


def test_train_and_test_share_no_image(data: ImageData) -> None:
    train = {image.tobytes() for image in data.train.pixels}
    assert len(train) == len(data.train), "no image twice"
    assert not any(image.tobytes() in train for image in data.test.pixels)


def test_pixels_use_the_range_and_tell_nothing_alone(data: ImageData) -> None:
    pixels = data.train.pixels.astype(np.float32)
    assert 100 < pixels.mean() < 155
    assert 40 < pixels.std() < 90
    means = np.stack([pixels[data.train.labels == label].mean(axis=0) for label in range(10)])
    assert means.std(axis=0).mean() < 0.1 * pixels.std()


def test_a_linear_model_fails(data: ImageData) -> None:
    assert _ridge_accuracy(data) < 0.25


def test_outlines_are_distinct_and_of_similar_area() -> None:
    """Without distraction the shape is where the image departs from the ground."""
    plain = Shapes(train_size=400, test_size=10, clutter=0, noise=0.0).build(None).train
    corner = plain.pixels[:, :2, :2].astype(float).mean(axis=(1, 2), keepdims=True)
    inside = np.abs(plain.pixels - corner).max(axis=3) > 60
    areas = [inside[plain.labels == label].mean() for label in range(10)]
    assert min(areas) > 0.05
    assert max(areas) < 0.6


@pytest.mark.parametrize(
    "wrong", [{"train_size": 0}, {"noise": 2}, {"clutter": -1}, {"rotation": 200}, {"size": 64}]
)
def test_impossible_fields_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValidationError):
        Shapes.model_validate(wrong)

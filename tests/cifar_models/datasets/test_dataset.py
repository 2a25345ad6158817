import hashlib
import pickle
from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest

from cifar_models.component import registry
from cifar_models.datasets import Dataset, ImageData, Images


def _images(count: int, start: int = 0) -> Images:
    pixels = (np.arange(count * 2 * 3 * 3) + start).astype(np.uint8).reshape(count, 2, 3, 3)
    return Images(pixels, np.arange(count, dtype=np.int64) % 2)


def _data() -> ImageData:
    return ImageData(_images(6), _images(4, start=1), ("even", "odd"))


def test_shape_is_read_from_the_images() -> None:
    shape = _data().shape
    assert (shape.channels, shape.height, shape.width, shape.num_classes) == (3, 2, 3, 2)


def test_fingerprint_is_of_the_content() -> None:
    data = _data()
    assert data.fingerprint == _data().fingerprint
    assert len(data.fingerprint) == len(hashlib.sha256().hexdigest())
    pixels = data.train.pixels.copy()
    pixels[5, 1, 2, 2] ^= 1
    labels = data.test.labels.copy()
    labels[0] = 1
    changed = [
        replace(data, train=replace(data.train, pixels=pixels)),
        replace(data, test=replace(data.test, labels=labels)),
        replace(data, train=data.test, test=data.train),
        replace(data, train=replace(data.train, pixels=data.train.pixels.reshape(6, 3, 2, 3))),
    ]
    assert len({data.fingerprint, *(other.fingerprint for other in changed)}) == 5


def test_fingerprint_does_not_depend_on_memory_layout() -> None:
    data = _data()
    strided = np.asfortranarray(data.train.pixels)
    assert replace(data, train=replace(data.train, pixels=strided)).fingerprint == data.fingerprint


def test_frozen_and_picklable() -> None:
    data = _data()
    with pytest.raises(FrozenInstanceError):
        data.train.pixels = data.test.pixels  # type: ignore[misc]
    assert pickle.loads(pickle.dumps(data)).fingerprint == data.fingerprint


@pytest.mark.parametrize("choice", registry("dataset").values(), ids=registry("dataset"))
def test_every_data_set_is_built_from_defaults_and_states_its_source(
    choice: type[Dataset],
) -> None:
    dataset = choice.model_validate({"name": choice.model_fields["name"].default})
    assert choice.model_validate_json(dataset.model_dump_json()) == dataset
    assert "Source: " in (choice.__doc__ or "")

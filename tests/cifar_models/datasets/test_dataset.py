import hashlib
import pickle
from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest
import torch
from torch import nn

from cifar_models.component import registry
from cifar_models.datasets import Dataset, ImageData, Images, as_tensor
from cifar_models.pixels import Margin


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


def test_images_are_moved_once_and_may_take_part_in_gradients() -> None:
    images = _images(6)
    with torch.inference_mode():
        pixels, labels = images.on("cpu")
    assert images.on("cpu")[0] is pixels
    assert {part.device.type for part in images.on("meta")} == {"meta"}
    assert np.shares_memory(pixels.numpy(), images.pixels)
    logits = torch.zeros(6, 2, requires_grad=True)
    nn.functional.cross_entropy(logits, labels).backward()  # type: ignore[no-untyped-call]


def test_the_first_images_share_memory() -> None:
    images = _images(6)
    assert [len(images.first(number)) for number in (2, 6, 9)] == [2, 6, 6]
    assert np.shares_memory(images.first(2).pixels, images.pixels)
    assert images.first(2).labels.tolist() == [0, 1]


def test_frozen_and_picklable() -> None:
    data = _data()
    with pytest.raises(FrozenInstanceError):
        data.train.pixels = data.test.pixels  # type: ignore[misc]
    before = pickle.dumps(data)
    data.train.on("cpu")
    data.train.canvas("cpu", Margin(), mirrors=False)
    assert pickle.dumps(data) == before, "what is laid out stays here"
    assert pickle.loads(before).fingerprint == data.fingerprint


@pytest.mark.parametrize("choice", registry("dataset").values(), ids=registry("dataset"))
def test_every_data_set_is_built_from_defaults_and_states_its_source(
    choice: type[Dataset],
) -> None:
    dataset = choice.model_validate({"name": choice.model_fields["name"].default})
    assert choice.model_validate_json(dataset.model_dump_json()) == dataset
    assert "Source: " in (choice.__doc__ or "")


def test_statistics_are_those_of_numpy() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (2500, 8, 6, 3), dtype=np.uint8)
    mean, std = Images(pixels, np.zeros(2500, dtype=np.int64)).statistics
    assert mean.numpy() == pytest.approx(pixels.mean(axis=(0, 1, 2)), rel=1e-6)
    assert std.numpy() == pytest.approx(pixels.std(axis=(0, 1, 2)), rel=1e-6)


def test_an_empty_channel_is_not_divided_by_zero() -> None:
    black = Images(np.zeros((3, 4, 4, 1), dtype=np.uint8), np.zeros(3, dtype=np.int64))
    assert black.statistics[1].tolist() == [1.0]


def test_read_only_arrays_are_shared_without_a_warning_or_a_copy() -> None:
    pixels = np.zeros((3, 4, 4, 1), dtype=np.uint8)
    pixels.setflags(write=False)
    assert as_tensor(pixels).data_ptr() == pixels.ctypes.data


def test_what_is_derived_from_images_is_derived_once() -> None:
    data = Images(np.zeros((3, 4, 4, 1), dtype=np.uint8), np.zeros(3, dtype=np.int64))
    margin = Margin(2)
    kept = data.canvas("cpu", margin, mirrors=True)
    assert data.canvas("cpu", Margin(2), mirrors=True) is kept
    assert data.canvas("cpu", margin, mirrors=False) is not kept
    assert data.statistics is data.statistics

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from cifar_models.datasets import ImageData, Images
from cifar_models.splits import Partition, Split, largest_remainders, partition

NAMES = tuple("abcdefghij")


def _data(train: int = 600, test: int = 100, uneven: bool = False) -> ImageData:
    """Images whose pixels hold their number in the pool, so that each can be recognised."""
    numbers = np.arange(train + test, dtype=np.uint32)
    pixels = numbers.view(np.uint8).reshape(-1, 2, 2, 1)
    labels = numbers.astype(np.int64) % 10
    if uneven:
        labels = np.where(numbers % 4 > 0, 0, labels)
    return ImageData(
        Images(pixels[:train], labels[:train]), Images(pixels[train:], labels[train:]), NAMES
    )


def _numbers(images: Images | None) -> list[int]:
    if images is None:
        return []
    return images.pixels.reshape(-1, 4).view(np.uint32).ravel().tolist()


def _sizes(parts: Partition) -> tuple[int, int, int]:
    return len(parts.train), len(_numbers(parts.validation)), len(parts.test)


@pytest.mark.parametrize(
    ("split", "sizes"),
    [
        ({}, (540, 60, 100)),
        ({"validation": 0}, (600, 0, 100)),
        ({"validation": 25}, (575, 25, 100)),
        ({"validation": 0.05}, (570, 30, 100)),
        ({"validation": 60, "test": 60}, (580, 60, 60)),
        ({"validation": 0, "test": 0.5}, (350, 0, 350)),
        ({"validation": 60, "train": 77}, (77, 60, 100)),
        ({"validation": 60, "train": 540}, (540, 60, 100)),
        ({"validation": 61, "test": 33, "train": 101, "stratified": False}, (101, 61, 33)),
    ],
    ids=str,
)
@pytest.mark.parametrize("uneven", [False, True])
def test_sizes_are_exact_and_parts_disjoint(
    split: dict[str, Any], sizes: tuple[int, int, int], uneven: bool
) -> None:
    data = _data(uneven=uneven)
    parts = partition(data, Split.model_validate(split))
    assert _sizes(parts) == sizes
    numbers = _numbers(parts.train) + _numbers(parts.validation) + _numbers(parts.test)
    assert len(set(numbers)) == len(numbers) == sum(sizes)
    for images in (parts.train, parts.validation, parts.test):
        if images is not None:
            labels = np.concatenate([data.train.labels, data.test.labels])[_numbers(images)]
            assert images.labels.tolist() == labels.tolist(), "images keep their labels"


@pytest.mark.parametrize(
    ("split", "sizes"),
    [
        (Split(validation=5000, test=5000), (50_000, 5000, 5000)),
        (Split(validation=2500), (47_500, 2500, 10_000)),
        (Split(validation=0), (50_000, 0, 10_000)),
    ],
    ids=["10:1:1 pooled", "47,500/2,500/10,000", "none"],
)
def test_protocols_of_cifar(split: Split, sizes: tuple[int, int, int]) -> None:
    parts = partition(_data(50_000, 10_000), split)
    assert _sizes(parts) == sizes
    for images in (parts.train, parts.validation, parts.test):
        if images is not None:
            assert np.bincount(images.labels).tolist() == [len(images) // 10] * 10


def test_stratified_parts_keep_the_proportions() -> None:
    data = _data(uneven=True)
    share = np.bincount(data.train.labels, minlength=10) / len(data.train)
    parts = partition(data, Split(validation=77))
    assert parts.validation is not None
    counts = np.bincount(parts.validation.labels, minlength=10)
    assert np.abs(counts - share * 77).max() < 1
    free = partition(data, Split(validation=77, stratified=False)).validation
    assert free is not None
    assert np.abs(np.bincount(free.labels, minlength=10) - share * 77).max() > 1


def test_the_cut_follows_from_its_seed() -> None:
    data = _data()
    first, again, other = (partition(data, Split(seed=seed)) for seed in (3, 3, 4))
    assert _numbers(first.validation) == _numbers(again.validation)
    assert _numbers(first.validation) != _numbers(other.validation)
    assert _numbers(first.train) == sorted(_numbers(first.train)), "the old order is kept"


def test_a_split_may_vary_with_the_seed_of_the_training() -> None:
    fixed, varying = Split(seed=3), Split(seed="trial")
    assert fixed.of(5) == fixed
    assert varying.of(5) == Split(seed=5)
    assert partition(_data(), varying.of(5)) is not None


def test_fewer_training_images_leave_validation_alone() -> None:
    data = _data()
    full, part = partition(data, Split()), partition(data, Split(train=100))
    assert _numbers(full.validation) == _numbers(part.validation)
    assert set(_numbers(part.train)) < set(_numbers(full.train))


def test_pooling_moves_official_test_images_into_training() -> None:
    parts = partition(_data(), Split(validation=60, test=60))
    assert any(number >= 600 for number in _numbers(parts.train))
    assert any(number < 600 for number in _numbers(parts.test))


def test_nothing_cut_nothing_copied() -> None:
    data = _data()
    parts = partition(data, Split(validation=0))
    assert parts.train is data.train
    assert parts.test is data.test
    assert parts.validation is None


def test_the_data_are_not_written_to() -> None:
    data = _data()
    before = data.fingerprint
    for images in (data.train, data.test):
        images.pixels.flags.writeable = images.labels.flags.writeable = False
    partition(data, Split(validation=60, test=60, train=200))
    assert ImageData(data.train, data.test, data.classes).fingerprint == before


@pytest.mark.parametrize(
    ("split", "sentence"),
    [
        ({"validation": 600}, r"split.validation = 600 means 600 of 600"),
        ({"validation": 700, "test": 60}, r"split.validation = 700 means 700 of 640"),
        ({"test": 700}, r"split.test = 700"),
        ({"test": 0}, r"split.test = 0 .* at least 1"),
        ({"validation": 0.0001}, r"means 0 of 600 images"),
        ({"train": 541}, r"split.train asks for 541 images, but only 540 remain"),
    ],
    ids=str,
)
def test_an_impossible_cut_is_a_sentence(split: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        partition(_data(), Split.model_validate(split))


@pytest.mark.parametrize(
    "split",
    [{"validation": -1}, {"validation": 1.0}, {"test": 1.5}, {"train": 0}, {"seed": -1}],
    ids=str,
)
def test_senseless_amounts_are_refused(split: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Split.model_validate(split)


def test_a_count_stays_a_count_through_json() -> None:
    for split in (Split(validation=1), Split(validation=0.5, test=3), Split(validation=0.0)):
        again = Split.model_validate_json(split.model_dump_json())
        assert again == split
        assert type(again.validation) is type(split.validation)
    assert Split(validation=0.0).model_dump_json() == Split(validation=0).model_dump_json()


@pytest.mark.parametrize(
    ("sizes", "count", "shares"),
    [([10, 10, 10], 10, [4, 3, 3]), ([1, 1, 98], 50, [1, 0, 49]), ([5, 0, 5], 10, [5, 0, 5])],
)
def test_largest_remainders(sizes: list[int], count: int, shares: list[int]) -> None:
    assert largest_remainders(np.array(sizes), count).tolist() == shares

"""Images in Ray's object store."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ray.exceptions import ObjectStoreFullError, OutOfDiskError

from cifar_models.datasets import ImageData, Shapes
from sweeps.execution import images
from sweeps.execution.images import ImageStore
from sweeps.execution.trial_source import data_key
from tests.sweeps.execution.specs import BASE


@pytest.mark.parametrize("error", [ObjectStoreFullError, OutOfDiskError])
def test_a_full_object_store_is_a_sentence(
    monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    def put(_: Any) -> None:
        raise error("Failed to put object 00ff")

    monkeypatch.setattr(images.ray, "put", put)
    store = ImageStore(None)
    store.source(BASE)
    for share in (lambda: store.share((0,)), lambda: store.share_test(BASE, 0)):
        with pytest.raises(ValueError, match=r"object store is full.*/tmp/ray"):
            share()


def test_a_split_that_varies_is_shared_for_each_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images.ray, "put", lambda shared: shared)
    varying, store = BASE.replace({"split.seed": "trial"}), ImageStore(None)
    for recipe in (BASE, varying):
        store.source(recipe)
    shared: Any = store.share((0, 1, 2))
    assert shared.keys() == {data_key(varying, seed) for seed in (0, 1, 2)}, "one is BASE's"
    assert data_key(BASE, 1) == data_key(BASE, 2) == data_key(varying, 0)
    for seed in (1, 2):
        fixed: Any = ImageStore(None).source(BASE.replace({"split.seed": seed})).parts.train
        cut = shared[data_key(varying, seed)].train
        assert (cut.pixels == fixed.pixels).all()
        assert (cut.labels == fixed.labels).all()


def test_classes_have_names_where_all_data_sets_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    build = Shapes.build

    def renamed(self: Shapes, folder: Path | None) -> ImageData:
        names: Any = list(self.train_size + np.arange(10))  # as a user may give them
        return replace(build(self, folder), classes=names)

    monkeypatch.setattr(Shapes, "build", renamed)
    store, longer = ImageStore(None), BASE.replace({"epochs": 9})
    other = BASE.replace({"dataset.train_size": 60})
    assert store.classes([BASE, longer])[:2] == ("200", "201")
    assert store.classes([BASE, other]) == ()

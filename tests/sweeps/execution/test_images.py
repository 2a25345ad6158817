"""Images in Ray's object store."""

from typing import Any

import pytest
from ray.exceptions import ObjectStoreFullError, OutOfDiskError

from sweeps.execution import images
from sweeps.execution.images import ImageStore
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
    for share in (store.share, lambda: store.share_test(BASE)):
        with pytest.raises(ValueError, match=r"object store is full.*/tmp/ray"):
            share()

"""The uses of chance in a training, and which of them do not vary with its seed."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from cifar_models.component import Frozen

Purpose = Literal["init", "order", "augment", "mixing", "dropout"]
PURPOSES: Mapping[str, str] = {
    "init": "initialisation",
    "order": "data order",
    "augment": "augmentation",
    "mixing": "mixing",
    "dropout": "dropout",
}
"""What prose calls each of them."""
Seed = Annotated[int, Field(ge=0)]


class FixedStreams(Frozen):
    """Seeds of the purposes that draw the same whatever the seed of the training is."""

    init: Seed | None = None
    order: Seed | None = None
    augment: Seed | None = None
    mixing: Seed | None = None
    dropout: Seed | None = None

    def seed_of(self, purpose: Purpose, seed: int) -> int:
        """Return what a purpose draws from: a seed of its own, if it has one, or the training's."""
        own: int | None = getattr(self, purpose)
        return seed if own is None else own


NONE_FIXED = FixedStreams()

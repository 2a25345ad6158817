"""The kind `mixing`: images of a batch mixed with each other, and their labels in the loss."""

from abc import abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import repeat
from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import Tensor
from torch.distributions import Beta

from cifar_models.component import Component
from cifar_models.ranges import LogRange, Range
from cifar_models.streams import global_stream

Criterion = Callable[[Tensor, Tensor], Tensor]
"""From logits (B, classes) and labels (B,) to a scalar."""

Alpha = Annotated[float, Field(gt=0), LogRange(0.1, 2.0)]


class Mixture:
    """What happens to one batch: nothing, unless a subclass says otherwise."""

    def images(self, images: Tensor) -> Tensor:
        """Return what the network is given for images (B, C, H, W), in their layout."""
        return images

    def loss(self, criterion: Criterion, logits: Tensor, labels: Tensor) -> Tensor:
        """Return the loss of the network's logits (B, classes)."""
        return criterion(logits, labels)


@dataclass(frozen=True, eq=False)
class Pairs(Mixture):
    """Each image with a partner out of its batch.

    Attributes:
        share: What is left of the image itself, in [0, 1].
        partners: Place of each image's partner in the batch, (B,) int64 on the images' device.
    """

    share: float
    partners: Tensor

    def loss(self, criterion: Criterion, logits: Tensor, labels: Tensor) -> Tensor:
        """Return the losses of both labels, each by what is there of its image."""
        own, other = criterion(logits, labels), criterion(logits, labels[self.partners])
        return self.share * own + (1 - self.share) * other


class Blend(Pairs):
    """An image shines through the other."""

    def images(self, images: Tensor) -> Tensor:
        """Return their weighted means in float32: colours between two of uint8 count."""
        return self.share * images + (1 - self.share) * images[self.partners]


@dataclass(frozen=True, eq=False)
class Patch(Pairs):
    """A rectangle of the image comes from the other."""

    rows: slice
    columns: slice

    def images(self, images: Tensor) -> Tensor:
        """Return copies with the rectangle replaced."""
        mixed, place = images.clone(), (..., self.rows, self.columns)
        mixed[place] = images[place][self.partners]
        return mixed


class Mixing(Component, kind="mixing"):
    """How the images of a batch are mixed with each other."""

    @abstractmethod
    def mixtures(
        self, seed: int, epoch: int, shape: tuple[int, int, int, int], device: str
    ) -> Iterable[Mixture]:
        """Return what happens to each batch of an epoch, all of it drawn at once.

        It follows from seed and epoch alone, and no batch waits for the device.

        Args:
            seed: Of the training.
            epoch: From 1.
            shape: Batches, images in each, their height and width.
            device: Of the images.
        """


class NoMixing(Mixing):
    """Each image by itself.

    Source: the usual training.
    """

    name: Literal["none"] = "none"

    def mixtures(
        self, seed: int, epoch: int, shape: tuple[int, int, int, int], device: str
    ) -> Iterable[Mixture]:
        """Return as many times nothing."""
        return repeat(Mixture(), shape[0])


class Mixup(Mixing):
    """Each image becomes a weighted mean with another of its batch.

    The weight is drawn from Beta(alpha, alpha) for each batch, the pairs are a random permutation.

    Source: Zhang et al. 2018 (arXiv:1710.09412), equation 1, and its published code.
    """

    name: Literal["mixup"] = "mixup"
    alpha: Alpha = 1.0

    def mixtures(
        self, seed: int, epoch: int, shape: tuple[int, int, int, int], device: str
    ) -> Iterable[Mixture]:
        """Return a blend for each batch."""
        batches, size, _, _ = shape
        with global_stream(seed, "mixing", epoch):
            partners = _partners(batches, size, device)
            shares: list[float] = Beta(self.alpha, self.alpha).sample((batches,)).tolist()
        return [Blend(*drawn) for drawn in zip(shares, partners, strict=True)]


class CutMix(Mixing):
    """A rectangle of each image is replaced by that of another of its batch.

    All images of a batch share the rectangle: its centre is uniform, its part of the area before it
    is cut off at the edges is drawn from Beta(alpha, alpha). A batch is mixed with ``probability``.

    Source: Yun et al. 2019 (arXiv:1905.04899), section 3.1, and its published code for CIFAR.
    """

    name: Literal["cutmix"] = "cutmix"
    alpha: Alpha = 1.0
    probability: Annotated[float, Field(ge=0, le=1), Range(0.0, 1.0)] = 0.5

    def mixtures(
        self, seed: int, epoch: int, shape: tuple[int, int, int, int], device: str
    ) -> Iterable[Mixture]:
        """Return a patch for each batch that is mixed, and nothing for the others."""
        batches, size, height, width = shape
        with global_stream(seed, "mixing", epoch):
            partners = _partners(batches, size, device)
            shares = Beta(self.alpha, self.alpha).sample((batches,))
            chance, down, right = torch.rand(3, batches).tolist()
        sides: list[float] = (1 - shares).sqrt().tolist()
        return [
            patch(pairs, side, (y, x), (height, width)) if u < self.probability else Mixture()
            for pairs, side, u, y, x in zip(partners, sides, chance, down, right, strict=True)
        ]


def patch(
    partners: Tensor, side: float, centre: tuple[float, float], size: tuple[int, int]
) -> Patch:
    """Return the patch of one batch.

    Args:
        partners: Place of each image's partner in the batch.
        side: Of the rectangle before it is cut off, as a part of the image's, in [0, 1].
        centre: Of the rectangle, down and to the right, as parts of the image's sides in [0, 1).
        size: Height and width of the images.
    """
    rows, columns = (
        _covered(int(length * side), int(length * place), length)
        for length, place in zip(size, centre, strict=True)
    )
    area = (rows.stop - rows.start) * (columns.stop - columns.start)
    return Patch(1 - area / (size[0] * size[1]), partners, rows, columns)


def _covered(length: int, centre: int, limit: int) -> slice:
    """Return places of a stretch that lie inside [0, limit); one shorter if its length is odd."""
    half = length // 2
    return slice(max(centre - half, 0), min(centre + half, limit))


def _partners(batches: int, size: int, device: str) -> tuple[Tensor, ...]:
    """Draw a permutation of each batch; first of all, so that every kind of mixing shares them."""
    return torch.rand(batches, size).argsort(dim=1, stable=True).to(device).unbind()

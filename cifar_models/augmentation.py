"""The kind `augmentation`: random changes of whole uint8 batches on their device.

Every image has draws of its own, given as uniforms, so that the result does not depend on the batch
it falls into, on the device, or on any generator.
"""

from abc import abstractmethod
from collections.abc import Callable
from typing import Annotated, ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor

from cifar_models.component import Component
from cifar_models.pixels import Canvas, Margin, Windows
from cifar_models.ranges import IntRange, Range
from cifar_models.streams import uniforms

Augment = Callable[[Tensor, Tensor], Tensor]


class Augmentation(Component, kind="augmentation"):
    """A random change of training images, applied to pixels before normalisation."""

    numbers: ClassVar[int]
    """How many uniforms in [0, 1) one image needs."""

    def draws(self, seed: int, epoch: int, rows: int, stream_name: str) -> Tensor:
        """Return the uniforms of an epoch, float32 (rows, numbers), one row an image."""
        return uniforms(seed, epoch, stream_name, rows, self.numbers)

    @abstractmethod
    def build(self, height: int, width: int, fill: Tensor) -> Augment:
        """Return a function of a batch and its draws.

        It takes images (B, C, height, width) uint8, contiguous or channels_last, and uniforms
        (B, numbers) float32 on the same device; it returns new images of the same shape and layout,
        leaves its input as it was, and never waits for the device.

        Args:
            height: Of the images, in pixels.
            width: Of the images, in pixels.
            fill: Mean colour (C,) uint8: what is zero after normalisation.

        Raises:
            ValueError: The images are too small.
        """

    @property
    def cut(self) -> "Geometric | None":
        """The augmentation itself if it only cuts windows, else None."""
        return None


class Geometric(Augmentation):
    """An augmentation that only cuts a window out of an image, or out of its mirror image.

    A training applies those at the head of a recipe's list while it reads the images, at most one
    with a margin: what a second one cut away would come back.
    """

    mirrors: ClassVar[bool] = False
    """Whether it may swap left and right."""

    @property
    def cut(self) -> "Geometric":
        """The augmentation itself."""
        return self

    @property
    def margin(self) -> Margin:
        """What must lie around an image for its window to be inside."""
        return Margin()

    @abstractmethod
    def windows(self, before: Windows, uniforms: Tensor) -> Windows:
        """Return the windows (B,) after this change; the draws are (B, numbers)."""

    def check(self, height: int, width: int) -> None:
        """Raise ValueError if the margin is to mirror more of an image than there is."""
        if self.margin.reflects and self.margin.width >= min(height, width):
            raise ValueError(
                f"images of {height}x{width} cannot be mirrored by {self.margin.width} pixels: "
                "use a smaller padding"
            )

    def build(self, height: int, width: int, fill: Tensor) -> Augment:
        """Return the function that cuts each image of a batch out of its canvas."""
        self.check(height, width)

        def augment(images: Tensor, uniforms: Tensor) -> Tensor:
            canvas = Canvas(images.permute(0, 2, 3, 1), self.margin, self.mirrors)
            windows = self.windows(Windows.whole(len(images), images.device), uniforms)
            index = torch.arange(len(images), device=images.device)
            result = canvas.cut(canvas.corners(index, windows))
            last = images.is_contiguous(memory_format=torch.channels_last)
            return result if last else result.contiguous()

        return augment


class RandomCrop(Geometric):
    """Pads with ``padding`` pixels on each side and cuts the original size out of that.

    They are black, or with ``mode: reflect`` the image mirrored at its outermost pixels.

    Source: torchvision.transforms.RandomCrop(size, padding, padding_mode); He et al. 2016
    (arXiv:1512.03385), section 4.2.
    """

    name: Literal["random_crop"] = "random_crop"
    padding: Annotated[int, Field(gt=0), IntRange(1, 8)] = 4
    mode: Literal["zeros", "reflect"] = "zeros"
    numbers: ClassVar[int] = 2

    @property
    def margin(self) -> Margin:
        """The padding."""
        return Margin(self.padding, reflects=self.mode == "reflect")

    def windows(self, before: Windows, uniforms: Tensor) -> Windows:
        """Return the windows moved by their draws: down and to the right."""
        offsets = _integers(uniforms, 2 * self.padding + 1) - self.padding
        return before.shifted(*offsets.unbind(1))


class HorizontalFlip(Geometric):
    """Mirrors left and right with ``probability``.

    Source: torchvision.transforms.RandomHorizontalFlip.
    """

    name: Literal["horizontal_flip"] = "horizontal_flip"
    probability: Annotated[float, Field(ge=0, le=1), Range(0.0, 1.0)] = 0.5
    numbers: ClassVar[int] = 1
    mirrors: ClassVar[bool] = True

    def windows(self, before: Windows, uniforms: Tensor) -> Windows:
        """Return the windows; an image is mirrored where its draw is below ``probability``."""
        return before.flipped(uniforms[:, 0] < self.probability)


class AlternatingFlip(Geometric):
    """Mirrors left and right in every other epoch: half of the images in odd ones, half in even.

    Which images begin is random. Two epochs in a row so show every image both ways, which random
    flips do for only half of them.

    Source: Jordan 2024 (arXiv:2404.00498), section 3.6.
    """

    name: Literal["alternating_flip"] = "alternating_flip"
    numbers: ClassVar[int] = 1
    mirrors: ClassVar[bool] = True

    def draws(self, seed: int, epoch: int, rows: int, stream_name: str) -> Tensor:
        """Return those of the first epoch, moved by half of their range in even epochs."""
        first = super().draws(seed, 1, rows, stream_name)
        if epoch % 2:
            return first
        return torch.where(first < 0.5, first + 0.5, first - 0.5)

    def windows(self, before: Windows, uniforms: Tensor) -> Windows:
        """Return the windows; an image is mirrored where its draw is below one half."""
        return before.flipped(uniforms[:, 0] < 0.5)


class Cutout(Augmentation):
    """Covers a square of ``size`` pixels with the mean colour; what lies outside is cut off.

    The centre is uniform over the image's pixels, so that a part of the square may be outside.

    Source: DeVries and Taylor 2017 (arXiv:1708.04552), section 3.2, and its published code.
    """

    name: Literal["cutout"] = "cutout"
    size: Annotated[int, Field(gt=0), IntRange(4, 20)] = 16
    numbers: ClassVar[int] = 2

    def build(self, height: int, width: int, fill: Tensor) -> Augment:
        """Return the function; the draws are the centre's row and column."""
        if self.size > min(height, width):
            raise ValueError(
                f"a cutout of {self.size} pixels does not fit into {height}x{width} images: "
                "use a smaller size"
            )

        def cut(images: Tensor, uniforms: Tensor) -> Tensor:
            rows = self._covered(uniforms[:, 0], height)[:, None, :, None]
            columns = self._covered(uniforms[:, 1], width)[:, None, None, :]
            colour = fill.to(images.device, non_blocking=True)[:, None, None]
            return torch.where(rows & columns, colour, images)

        return cut

    def _covered(self, uniforms: Tensor, length: int) -> Tensor:
        """Return which of ``length`` pixels each image's square covers: bool (B, length)."""
        first = _integers(uniforms, length)[:, None] - self.size // 2
        place = torch.arange(length, device=uniforms.device)
        return (place >= first) & (place < first + self.size)


def _integers(uniforms: Tensor, count: int) -> Tensor:
    """Return integers uniform in [0, count); float32 may round ``uniforms * count`` up to it."""
    return (uniforms * count).to(torch.int32).clamp_(max=count - 1)

"""The kind `augmentation`: random changes of whole uint8 batches on their device.

Every image has draws of its own, given as uniforms, so that the result does not depend on the batch
it falls into, on the device, or on any generator; unless it is asked to share them with its batch.
"""

from abc import abstractmethod
from collections.abc import Callable
from typing import ClassVar, Literal

import torch
from torch import Tensor

from cifar_models.component import Component
from cifar_models.pixels import Canvas, Margin, Windows
from cifar_models.streams import uniforms

Augment = Callable[[Tensor, Tensor], Tensor]


class Augmentation(Component, kind="augmentation"):
    """A random change of training images, applied to pixels before normalisation."""

    draw: Literal["image", "batch"] = "image"
    """Whether each image has draws of its own, or all of a batch take those of its first."""

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


def integers(uniforms: Tensor, count: int) -> Tensor:
    """Return integers uniform in [0, count); float32 may round ``uniforms * count`` up to it."""
    return (uniforms * count).to(torch.int32).clamp_(max=count - 1)

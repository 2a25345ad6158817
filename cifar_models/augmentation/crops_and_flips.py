"""Crops and flips: all that only chooses where to read an image."""

from typing import Annotated, ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor

from cifar_models.augmentation.augmentation import Geometric, integers
from cifar_models.pixels import Margin, Windows
from cifar_models.ranges import IntRange, Range


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
        offsets = integers(uniforms, 2 * self.padding + 1) - self.padding
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
    draw: Literal["image"] = "image"  # batches are not the same in two epochs: none alternates
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

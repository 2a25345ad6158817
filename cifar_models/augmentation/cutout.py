"""Squares of the mean colour over images."""

from typing import Annotated, ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor

from cifar_models.augmentation.augmentation import Augment, Augmentation, integers
from cifar_models.ranges import IntRange


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
        first = integers(uniforms, length)[:, None] - self.size // 2
        place = torch.arange(length, device=uniforms.device)
        return (place >= first) & (place < first + self.size)

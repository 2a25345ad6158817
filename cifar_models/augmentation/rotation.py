"""Random rotations of images around their centre."""

import math
from typing import Annotated, ClassVar, Literal

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor

from cifar_models.augmentation.augmentation import Augment, Augmentation
from cifar_models.ranges import Range


class Rotation(Augmentation):
    """Turns an image by at most ``degrees`` either way; what comes in at the corners is black.

    Each pixel is the nearest one of the image before.

    Source: torchvision.transforms.v2.RandomRotation.
    """

    name: Literal["rotation"] = "rotation"
    degrees: Annotated[float, Field(gt=0, le=180), Range(1.0, 45.0)] = 15.0
    numbers: ClassVar[int] = 1

    def build(self, height: int, width: int, fill: Tensor) -> Augment:
        """Return the function; a draw above one half turns counter-clockwise."""

        def rotate(images: Tensor, uniforms: Tensor) -> Tensor:
            angles = (2 * uniforms[:, :, None] - 1) * math.radians(self.degrees)
            sine, cosine = angles.sin(), angles.cos()
            down = _places(height, images.device)[:, None]
            right = _places(width, images.device)
            across = (cosine * right - sine * down) * (2 / width)
            along = (sine * right + cosine * down) * (2 / height)
            # not torch's affine_grid: its products may have ten bits on a GPU, and miss a pixel
            grid = torch.stack((across, along), dim=3)
            turned = F.grid_sample(images.float(), grid, mode="nearest", align_corners=False)
            return torch.empty_like(images).copy_(turned)

        return rotate


def _places(length: int, device: torch.device) -> Tensor:
    """Return how far from the middle of a side each of its pixels is: (length,)."""
    return torch.arange(length, device=device) - (length - 1) / 2

"""Random colours: brightness, contrast, saturation and hue of each image."""

from typing import Annotated, ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor

from cifar_models.augmentation.augmentation import Augment, Augmentation
from cifar_models.ranges import Range

Strength = Annotated[float, Field(ge=0), Range(0.0, 1.0)]

_WHOLE = 255.999 / 255
"""Before decimals are cut off: torchvision's way from fractions back to uint8."""


class ColourJitter(Augmentation):
    """Changes brightness, contrast, saturation and hue, in this order, each by a draw of its own.

    Factors are uniform from ``1 - strength``, or 0, to ``1 + strength``; the hue turns by at most
    ``hue`` of a whole turn either way. Numbers are cut down to integers after each change. Grey
    images have neither saturation nor hue.

    Source: torchvision.transforms.v2.ColorJitter, which shuffles the four; defaults of He et al.
    2020 (arXiv:2003.04297), published code.
    """

    name: Literal["colour_jitter"] = "colour_jitter"
    brightness: Strength = 0.4
    contrast: Strength = 0.4
    saturation: Strength = 0.4
    hue: Annotated[float, Field(ge=0, le=0.5), Range(0.0, 0.5)] = 0.1
    numbers: ClassVar[int] = 4

    def build(self, height: int, width: int, fill: Tensor) -> Augment:
        """Return the function; the draws are in the order of the changes."""
        if len(fill) not in (1, 3):
            raise ValueError(
                f"colour_jitter changes images of 1 or 3 channels, not of {len(fill)}: leave it out"
            )
        strengths = (self.brightness, self.contrast, self.saturation)

        def jitter(images: Tensor, uniforms: Tensor) -> Tensor:
            draws = uniforms[:, :, None, None, None].unbind(1)
            bright, contrast, saturation = (
                _between(max(0.0, 1 - strength), 1 + strength, draw)
                for strength, draw in zip(strengths, draws, strict=False)
            )
            colours = (images * bright).clamp_(max=255).floor_()
            colours = _blend(colours, _grey(colours).mean((2, 3), keepdim=True), contrast)
            if len(fill) == 3:
                colours = _blend(colours, _grey(colours), saturation)
                colours = _turned(colours, _between(-self.hue, self.hue, draws[3]))
            return torch.empty_like(images).copy_(colours)

        return jitter


def _between(low: float, high: float, uniforms: Tensor) -> Tensor:
    """Return uniforms in [low, high)."""
    return uniforms * (high - low) + low


def _blend(images: Tensor, others: Tensor, share: Tensor) -> Tensor:
    """Return ``share`` of images plus the rest of others; beyond them for shares above one."""
    return (images * share).add_(others * (1 - share)).clamp_(0, 255).floor_()


def _grey(images: Tensor) -> Tensor:
    """Return images (B, 1, H, W) of how light they are, in integers."""
    if images.shape[1] == 1:
        return images
    red, green, blue = images.tensor_split(3, dim=1)
    return (red * 0.2989 + green * 0.587 + blue * 0.114).floor_()


def _turned(images: Tensor, turns: Tensor) -> Tensor:
    """Return images with another hue: by (B, 1, 1, 1) of a whole turn, as in the HSV model."""
    red, green, blue = images.tensor_split(3, dim=1)
    low, high = torch.aminmax(images, dim=1, keepdim=True)
    chroma = high - low
    sixth = torch.where(
        red == high,
        green - blue,
        torch.where(green == high, blue - red + 2 * chroma, red - green + 4 * chroma),
    ) / chroma.clamp(min=1)  # grey has no hue, and integers no chroma below one
    places = torch.arange(5, 0, -2, device=images.device).view(1, 3, 1, 1)  # of red, green, blue
    near = (places + sixth + 6 * turns).remainder_(6)
    return (high - chroma * torch.minimum(near, 4 - near).clamp_(0, 1)).mul_(_WHOLE).floor_()

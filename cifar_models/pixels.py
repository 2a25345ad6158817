"""Images with a margin, and mirrored beside: a crop and a flip only choose where to read."""

from dataclasses import dataclass, replace
from typing import Self

import torch
import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True)
class Margin:
    """What lies around images: ``width`` pixels, black or mirrored at the outermost ones."""

    width: int = 0
    reflects: bool = False


@dataclass(frozen=True)
class Windows:
    """Where each image of a batch is cut out: its corner, and whether the image is mirrored first.

    Attributes:
        down: Rows between the corner and the image's own, (B,) int64.
        right: Columns between them, (B,) int64.
        mirrored: Whether left and right of the image are swapped before the cut, (B,) bool.
    """

    down: Tensor
    right: Tensor
    mirrored: Tensor

    @classmethod
    def whole(cls, count: int, device: str | torch.device) -> Self:
        """Return those that leave so many images as they are."""
        zeros = torch.zeros(count, dtype=torch.int64, device=device)
        return cls(zeros, zeros, zeros.bool())

    def shifted(self, down: Tensor, right: Tensor) -> Self:
        """Return them moved by so many pixels each, (B,)."""
        return replace(self, down=self.down + down, right=self.right + right)

    def flipped(self, chosen: Tensor) -> Self:
        """Return them with left and right of the chosen ones swapped, (B,) bool."""
        right = torch.where(chosen, -self.right, self.right)
        return replace(self, right=right, mirrored=self.mirrored ^ chosen)


class Canvas:
    """Images laid out so that a row of any window, mirrored or not, is one run of bytes."""

    def __init__(self, pixels: Tensor, margin: Margin, mirrors: bool) -> None:
        """Copy images (N, H, W, C) uint8, twice if some are to be mirrored, with their margin."""
        count, self._height, self._width, self._channels = pixels.shape
        padded = _padded(pixels, margin)
        self._image, self._row = padded[0].numel(), padded[0, 0].numel()  # bytes
        self._corner = margin.width * (self._row + self._channels)
        self._mirrored = count * self._image
        both = [padded, padded.flip(2)] if mirrors else [padded]
        self._bytes = torch.cat(both).view(-1)

    def corners(self, index: Tensor, windows: Windows) -> Tensor:
        """Return where in memory each image (B,) begins under its window: (B,) int64.

        A window must lie inside of the margin, and be mirrored only where the canvas mirrors.
        """
        inside = windows.down * self._row + windows.right * self._channels
        return index * self._image + windows.mirrored * self._mirrored + inside + self._corner

    def cut(self, corners: Tensor) -> Tensor:
        """Return the images (B, C, H, W) uint8, channels_last, that begin at these corners."""
        run = self._width * self._channels
        rows = torch.arange(0, self._height * self._row, self._row, device=corners.device)
        runs = self._bytes.as_strided((len(self._bytes) - run + 1, run), (1, 1))
        found = runs.index_select(0, (corners[:, None] + rows).view(-1))
        return found.view(-1, self._height, self._width, self._channels).permute(0, 3, 1, 2)


def _padded(pixels: Tensor, margin: Margin) -> Tensor:
    """Return images (N, H, W, C) with their margin, contiguous; torch reflects no integers."""
    width = margin.width
    if not margin.reflects:
        return F.pad(pixels, (0, 0, width, width, width, width))
    rows, columns = (
        torch.arange(-width, size + width, device=pixels.device) for size in pixels.shape[1:3]
    )
    return pixels[
        :, _reflected(rows, pixels.shape[1])[:, None], _reflected(columns, pixels.shape[2])
    ]


def _reflected(places: Tensor, length: int) -> Tensor:
    """Return places beside [0, length) mirrored at the first and the last one."""
    last = length - 1
    return last - (last - places.abs()).abs()

"""Images as one integer a pixel: a crop and a flip of a whole batch are one gather of those."""

import torch
from torch import Tensor

MAX_CHANNELS = 4
_OUTSIDE = -(2**30)  # a row and a column that are both outside still add up in 32 bits


def pack(pixels: Tensor) -> Tensor:
    """Return images (N, H, W, C) as one int32 a pixel, flat, behind a single black pixel.

    Raises:
        ValueError: An image has more channels than an integer has bytes, or there are too many.
    """
    channels = pixels.shape[3]
    count = pixels.numel() // channels
    if channels > MAX_CHANNELS or count >= -_OUTSIDE:
        raise ValueError(
            f"images of at most {MAX_CHANNELS} channels and fewer than 2**30 pixels in all can be "
            f"trained on, not {channels} channels and {count} pixels"
        )
    packed = torch.zeros((1 + count, MAX_CHANNELS), dtype=torch.uint8, device=pixels.device)
    for channel in range(channels):
        packed[1:, channel] = pixels[..., channel].reshape(-1)
    return packed.view(torch.int32).view(-1)


def take(packed: Tensor, index: Tensor, rows: Tensor, columns: Tensor, channels: int) -> Tensor:
    """Return images (B, channels, H, W) uint8, channels_last, each pixel from where it is said.

    Args:
        packed: Square or oblong images as ``pack`` gives them, of the size of the result.
        index: Which image each one is: (B,).
        rows: The row of the image that each row of the result is: (B, H) int32.
        columns: The same of columns: (B, W). What lies outside of the image is black.
        channels: Of the images.
    """
    height, width = rows.shape[1], columns.shape[1]
    first = (index * (height * width) + 1).to(torch.int32)[:, None]
    rows = torch.where(outside(rows, height), _OUTSIDE, rows * width + first)
    columns = torch.where(outside(columns, width), _OUTSIDE, columns)
    places = (rows[:, :, None] + columns[:, None, :]).clamp_(min=0)
    found = packed.index_select(0, places.view(-1)).view(torch.uint8).view(-1, MAX_CHANNELS)
    images = torch.empty((len(found), channels), dtype=torch.uint8, device=found.device)
    for channel in range(channels):  # a copy of three bytes in four at once takes twice as long
        images[:, channel] = found[:, channel]
    return images.view(len(index), height, width, channels).permute(0, 3, 1, 2)


def outside(places: Tensor, length: int) -> Tensor:
    """Return which places lie outside of [0, length)."""
    return (places < 0) | (places >= length)


def confined(places: Tensor, length: int) -> Tensor:
    """Return places with those outside of [0, length) so far out that no shift brings them back."""
    return torch.where(outside(places, length), _OUTSIDE, places)

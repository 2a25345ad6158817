"""The batches of a training: images on their device once, shuffled and augmented there."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from cifar_models.augmentation import Augment, Augmentation, moved
from cifar_models.datasets import Images, as_tensor
from cifar_models.numerics import Numerics
from cifar_models.pixels import take
from cifar_models.streams import generator


@dataclass(frozen=True)
class _Named:
    """An augmentation and the name of its stream."""

    stream: str
    augmentation: Augmentation


class Batches:
    """Training images, an epoch of which is a pass over augmented batches in a drawn order.

    The augmentations at the head of the list that only move rows and columns cost one gather of
    packed pixels together; the others change whole batches after it.
    """

    def __init__(
        self,
        images: Images,
        augmentations: tuple[Augmentation, ...],
        batch_size: int,
        numerics: Numerics,
    ) -> None:
        """Move the images to the device of the numerics.

        Raises:
            ValueError: An augmentation does not fit the images, or they have too many channels.
        """
        _, self._height, self._width, self._channels = images.pixels.shape
        self._batch_size, self._numerics, self._count = batch_size, numerics, len(images)
        self._packed = images.packed.to(numerics.device)
        self._labels = as_tensor(images.labels).to(numerics.device)
        named = [
            _Named(_stream_name(augmentations, place), augmentation)
            for place, augmentation in enumerate(augmentations)
        ]
        size = (self._height, self._width)
        fill = images.statistics[0].round().to(torch.uint8)
        moves = [augmentation.moves(*size) for augmentation in augmentations]
        head = moves.index(None) if None in moves else len(moves)
        self._moves = [move for move in moves[:head] if move is not None]
        self._geometric, self._others = named[:head], named[head:]
        self._changes: list[Augment] = [
            other.augmentation.build(*size, fill) for other in self._others
        ]

    def __len__(self) -> int:
        """Return how many batches an epoch has; a last one that is not full is dropped."""
        return self._count // self._batch_size

    def epoch(self, seed: int, epoch: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield images (B, C, H, W) uint8 and labels (B,) of each batch, without a wait."""
        device, size = self._numerics.device, self._batch_size
        order = torch.randperm(self._count, generator=generator(seed, "order", epoch))
        order = order[: len(self) * size].to(device)

        def draws(parts: list[_Named]) -> list[Tensor]:
            return [
                part.augmentation.draws(seed, epoch, self._count, part.stream).to(device)[order]
                for part in parts
            ]

        rows, columns = moved(self._moves, draws(self._geometric), order, self._height, self._width)
        uniforms = draws(self._others)
        for start in range(0, len(order), size):
            part = slice(start, start + size)
            images = take(
                self._packed, order[part], rows[part], columns[part], self._channels
            ).contiguous(memory_format=self._numerics.memory_format)
            for change, numbers in zip(self._changes, uniforms, strict=True):
                images = change(images, numbers[part])
            yield images, self._labels[order[part]]


def _stream_name(augmentations: tuple[Augmentation, ...], place: int) -> str:
    """Name an augmentation's draws by itself, so that variants share them; a second one counts."""
    names = [augmentation.name for augmentation in augmentations]
    earlier = names[:place].count(names[place])
    return f"{names[place]}#{earlier + 1}" if earlier else names[place]

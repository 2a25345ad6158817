"""The batches of a training: images on their device once, shuffled and augmented there."""

from collections.abc import Iterator

import torch
from torch import Tensor

from cifar_models.augmentation import Augmentation, Geometric
from cifar_models.datasets import Images, as_tensor
from cifar_models.fixed_streams import NONE_FIXED, FixedStreams
from cifar_models.numerics import Numerics
from cifar_models.pixels import Margin, Windows
from cifar_models.streams import generator


class Batches:
    """Training images, an epoch of which is a pass over augmented batches in a drawn order.

    The augmentations at the head of the list that only cut windows say together what is read of
    each image; the others change whole batches after it.
    """

    def __init__(
        self,
        images: Images,
        augmentations: tuple[Augmentation, ...],
        batch_size: int,
        numerics: Numerics,
        fixed_streams: FixedStreams = NONE_FIXED,
    ) -> None:
        """Move the images to the device of the numerics.

        Order and augmentation draw from the seed of each epoch that is asked for, or from fixed
        ones.

        Raises:
            ValueError: An augmentation does not fit the images.
        """
        self._batch_size, self._numerics, self._count = batch_size, numerics, len(images)
        self._seed_of = fixed_streams.seed_of
        self._labels = as_tensor(images.labels).to(numerics.device)
        names = [_stream_name(augmentations, place) for place in range(len(augmentations))]
        cuts = _head(augmentations)
        others = augmentations[len(cuts) :]
        self._size = height, width = images.pixels.shape[1:3]
        fill = images.statistics[0].round().to(torch.uint8)
        for cut in cuts:
            cut.check(height, width)
        self._cuts = list(zip(names, cuts, strict=False))
        self._others = list(zip(names[len(cuts) :], others, strict=True))
        self._changes = [other.build(height, width, fill) for other in others]
        margin = next((cut.margin for cut in cuts if cut.margin.width), Margin())
        mirrors = any(cut.mirrors for cut in cuts)
        self._canvas = images.canvas(numerics.device, margin, mirrors)

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """How many batches an epoch has, of how many images, their height and their width."""
        return len(self), self._batch_size, *self._size

    def __len__(self) -> int:
        """Return how many batches an epoch has; a last one that is not full is dropped."""
        return self._count // self._batch_size

    def epoch(self, seed: int, epoch: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield images (B, C, H, W) uint8 and labels (B,) of each batch, without a wait."""
        device, size = self._numerics.device, self._batch_size
        of_order, of_augmentation = self._seed_of("order", seed), self._seed_of("augment", seed)
        order = torch.randperm(self._count, generator=generator(of_order, "order", epoch))
        order = order[: len(self) * size].to(device)
        rows = {"image": order, "batch": order[::size].repeat_interleave(size)}

        def draws(name: str, augmentation: Augmentation) -> Tensor:
            drawn = augmentation.draws(of_augmentation, epoch, self._count, name).to(device)
            return drawn[rows[augmentation.draw]]

        windows = Windows.whole(len(order), device)
        for name, cut in self._cuts:
            windows = cut.windows(windows, draws(name, cut))
        corners, labels = self._canvas.corners(order, windows), self._labels[order]
        uniforms = [draws(name, other) for name, other in self._others]
        for start in range(0, len(order), size):
            part = slice(start, start + size)
            images = self._canvas.cut(corners[part])
            images = images.contiguous(memory_format=self._numerics.memory_format)
            for change, numbers in zip(self._changes, uniforms, strict=True):
                images = change(images, numbers[part])
            yield images, labels[part]


def _head(augmentations: tuple[Augmentation, ...]) -> list[Geometric]:
    """Return the first ones that cut windows, at most one of them with a margin."""
    head: list[Geometric] = []
    for cut in (augmentation.cut for augmentation in augmentations):
        if cut is None or (cut.margin.width and any(other.margin.width for other in head)):
            break
        head.append(cut)
    return head


def _stream_name(augmentations: tuple[Augmentation, ...], place: int) -> str:
    """Name an augmentation's draws by itself, so that variants share them; a second one counts."""
    names = [augmentation.name for augmentation in augmentations]
    earlier = names[:place].count(names[place])
    return f"{names[place]}#{earlier + 1}" if earlier else names[place]

import numpy as np
import pytest
import torch
from torch import Tensor

from cifar_models.augmentation import Augmentation, Cutout, HorizontalFlip, RandomCrop
from cifar_models.batches import Batches
from cifar_models.datasets import Images
from cifar_models.numerics import Numerics

COUNT, SIZE = 50, 16


def numbered_images() -> Images:
    """Return images whose labels are their numbers."""
    pixels = np.random.default_rng(0).integers(1, 256, (COUNT, 12, 16, 3), dtype=np.uint8)
    return Images(pixels, np.arange(COUNT))


def epoch(
    *augmentations: Augmentation, seed: int = 0, epoch: int = 1, channels_last: bool = True
) -> tuple[Tensor, Tensor]:
    """Return all images and labels of an epoch."""
    numerics = Numerics(channels_last=channels_last)
    parts = list(Batches(numbered_images(), augmentations, SIZE, numerics).epoch(seed, epoch))
    layout = torch.channels_last if channels_last else torch.contiguous_format
    assert [len(images) for images, _ in parts] == [SIZE] * (COUNT // SIZE)
    assert all(images.is_contiguous(memory_format=layout) for images, _ in parts)
    return torch.cat([images for images, _ in parts]), torch.cat([labels for _, labels in parts])


def one_after_another(*augmentations: Augmentation, numbers: list[int]) -> Tensor:
    """Apply each augmentation to whole images, with the draws of epoch 1 of seed 0."""
    data = numbered_images()
    images = torch.from_numpy(data.pixels).permute(0, 3, 1, 2)
    counted: dict[str, int] = {}
    for augmentation in augmentations:
        counted[augmentation.name] = counted.get(augmentation.name, 0) + 1
        times = counted[augmentation.name]
        name = augmentation.name if times == 1 else f"{augmentation.name}#{times}"
        fill = data.statistics[0].round().to(torch.uint8)
        draws = augmentation.draws(0, 1, COUNT, name)
        images = augmentation.build(12, 16, fill)(images, draws)
    return images[numbers]


@pytest.mark.parametrize(
    "augmentations",
    [
        (),
        (RandomCrop(), HorizontalFlip()),
        (HorizontalFlip(), RandomCrop()),
        (RandomCrop(), RandomCrop(padding=3)),
        (RandomCrop(mode="reflect"), HorizontalFlip(), RandomCrop(padding=2)),
        (RandomCrop(), Cutout(size=6), HorizontalFlip()),
        (Cutout(size=6), RandomCrop()),
    ],
    ids=lambda value: "-".join(a.name for a in value) or "none",
)
@pytest.mark.parametrize("channels_last", [True, False])
def test_one_gather_is_the_same_as_one_after_another(
    augmentations: tuple[Augmentation, ...], channels_last: bool
) -> None:
    images, labels = epoch(*augmentations, channels_last=channels_last)
    assert torch.equal(images, one_after_another(*augmentations, numbers=labels.tolist()))


def test_an_epoch_shows_each_image_once_in_an_order_of_its_own() -> None:
    orders = [epoch(seed=seed, epoch=number)[1].tolist() for seed in (0, 1) for number in (1, 2)]
    assert all(len(set(order)) == 48 for order in orders)
    assert len({tuple(order) for order in orders}) == 4
    assert epoch(seed=1, epoch=2)[1].tolist() == orders[3]


def test_what_an_augmentation_draws_does_not_depend_on_the_others() -> None:
    flipped, labels = epoch(HorizontalFlip())
    both, same = epoch(Cutout(size=6), HorizontalFlip())
    assert torch.equal(labels, same)
    kept = (both == flipped).all(1)
    assert (kept.sum((1, 2)) >= 12 * 16 - 36).all()


@pytest.mark.parametrize(
    "augmentation",
    [RandomCrop(draw="batch"), HorizontalFlip(draw="batch"), Cutout(size=6, draw="batch")],
    ids=lambda augmentation: augmentation.name,
)
def test_images_of_a_batch_share_the_draws_of_its_first_on_request(
    augmentation: Augmentation,
) -> None:
    images, labels = epoch(augmentation, seed=1)
    own, same = epoch(augmentation.model_copy(update={"draw": "image"}), seed=1)
    assert torch.equal(labels, same)
    assert not torch.equal(images, own)
    assert torch.equal(images[::SIZE], own[::SIZE])
    data = numbered_images()
    fill = data.statistics[0].round().to(torch.uint8)
    change = augmentation.build(12, 16, fill)
    plain = torch.from_numpy(data.pixels).permute(0, 3, 1, 2)[labels]
    firsts = labels[torch.arange(len(labels)) // SIZE * SIZE]
    drawn = augmentation.draws(1, 1, COUNT, augmentation.name)[firsts]
    assert len(drawn.unique(dim=0)) == COUNT // SIZE
    assert torch.equal(images, change(plain, drawn))


def test_shape_tells_the_batches_of_an_epoch() -> None:
    batches = Batches(numbered_images(), (), SIZE, Numerics())
    assert batches.shape == (3, SIZE, 12, 16)
    assert len(list(batches.epoch(0, 1))) == len(batches) == 3

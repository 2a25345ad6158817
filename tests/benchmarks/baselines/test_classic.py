from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import nn

from benchmarks.baselines.classic import ClassicLoop, evaluation_loader, take, train_loader
from benchmarks.harness.images import random_images
from cifar_models.datasets import Images


def coloured(count: int = 160) -> Images:
    """Return images of one colour, red or blue, which is their label."""
    labels = np.arange(count) % 2
    pixels = np.zeros((count, 32, 32, 3), dtype=np.uint8)
    pixels[np.arange(count), :, :, 2 * labels] = 200
    return Images(pixels, labels)


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 2))


@pytest.mark.parametrize("tuned", [False, True])
def test_a_pass_gives_every_image_once_and_an_endless_one_goes_on(tuned: bool) -> None:
    images = random_images(30)
    images.labels[:] = np.arange(30)
    loader = train_loader(images, tuned=tuned, batch_size=8)
    assert sorted(int(label) for _, labels in loader for label in labels) == list(range(30))
    endless = iter(train_loader(images, tuned=tuned, endless=True, batch_size=10))
    passes = [[int(i) for _, labels in take(endless, 3) for i in labels] for _ in range(3)]
    assert all(sorted(order) == list(range(30)) for order in passes)
    assert all(first != second for first, second in pairwise(passes))


@pytest.mark.parametrize("tuned", [False, True])
def test_the_loop_learns(tuned: bool) -> None:
    images = coloured()
    loop = ClassicLoop(network(), tuned=tuned)
    loader = train_loader(images, tuned=tuned, batch_size=16)
    losses, accuracies = zip(*(loop.train(loader) for _ in range(3)), strict=True)
    assert losses[-1] < losses[0]
    assert accuracies[-1] == 1.0
    assert loop.test(evaluation_loader(images)) == 1.0


def test_tuned_takes_the_same_steps() -> None:
    generator = torch.Generator().manual_seed(0)
    inputs = torch.randn(4, 16, 3, 8, 8, generator=generator)
    targets = torch.randint(0, 2, (4, 16), generator=generator)
    first, second = (ClassicLoop(network(), tuned=tuned) for tuned in (False, True))
    batches = list(zip(inputs, targets, strict=True))
    assert first.train(batches) == pytest.approx(second.train(batches))
    for one, other in zip(first.network.parameters(), second.network.parameters(), strict=True):
        assert torch.equal(one, other)


def test_a_scheduler_is_stepped_with_every_batch() -> None:
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 0.5**step)
    loop = ClassicLoop(model, optimizer=optimizer, scheduler=scheduler)
    loop.train([(torch.zeros(2, 3, 8, 8), torch.zeros(2, dtype=torch.long))] * 3)
    assert scheduler.get_last_lr() == [0.125]

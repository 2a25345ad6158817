"""Input without a model: batches shuffled, cropped, mirrored, normalised, on the device."""

import time
from collections.abc import Callable, Iterator

import torch
from torch import nn

from benchmarks.baselines.classic import BATCH_SIZE, Batch, take, train_loader
from benchmarks.harness import Arm, Benchmark, Case, Figure, Options, alternate, compare
from benchmarks.harness.images import CIFAR10_TRAIN, random_images
from cifar_models.augmentation import HorizontalFlip, RandomCrop
from cifar_models.batches import Batches
from cifar_models.classifier import Classifier
from cifar_models.datasets import Images
from cifar_models.numerics import Numerics

CLASSIC, TUNED, OURS = "DataLoader, 2 workers", "DataLoader, tuned", "ours"


class OurInput:
    """The input of `cifar_models.training`: its own batches, without a network."""

    def __init__(self, images: Images, numerics: Numerics, batch_size: int = BATCH_SIZE) -> None:
        augmentation = (RandomCrop(), HorizontalFlip())
        self.batches = Batches(images, augmentation, batch_size, numerics)
        self.normalise = Classifier(nn.Identity(), *images.statistics).to(numerics.device)

    def augmented(self, epoch: int) -> Iterator[Batch]:
        """Yield the batches of an epoch as uint8, before normalisation."""
        return self.batches.epoch(0, epoch)

    def epoch(self, epoch: int) -> Iterator[Batch]:
        """Yield the batches of an epoch, ready for a network."""
        for images, labels in self.augmented(epoch):
            yield self.normalise.normalised(images), labels


def measure(options: Options) -> list[Case]:
    """Measure images a second in the steady state, and what the beginning of an epoch costs."""
    torch.set_num_threads(options.threads)
    images = random_images(options.pick(5_000, CIFAR10_TRAIN, CIFAR10_TRAIN))
    numerics = Numerics(device=options.device, threads=options.threads)
    batches = options.pick(20, 200, 600)
    arms = [_classic(images, options, batches, tuned) for tuned in (False, True)]
    arms.append(_ours(images, numerics, epochs=options.pick(1, 5, 15)))
    windows = alternate(arms, rounds=options.pick(1, 7, 15))
    target = 100.0 if options.device == "cuda" else 15.0
    figures = (
        compare(windows, OURS, CLASSIC, at_least=target),
        compare(windows, OURS, TUNED, at_least=target),
        *_restarts(images, numerics, repeats=options.pick(1, 5, 15)),
    )
    return [Case(name="input", unit="images", windows=tuple(windows), figures=figures)]


def _classic(images: Images, options: Options, batches: int, tuned: bool) -> Arm:
    """Return a loader in its steady state: workers up, and what they loaded ahead used up."""
    endless = iter(train_loader(images, tuned=tuned, endless=True))

    def run(count: int = batches) -> float:
        done = 0
        for inputs, targets in take(endless, count):
            inputs.to(options.device, non_blocking=tuned)
            targets.to(options.device, non_blocking=tuned)
            done += len(targets)
        _wait(options.device)
        return done

    def use_up() -> None:
        run(count=8)

    return Arm(TUNED if tuned else CLASSIC, run, prepare=use_up)


def _ours(images: Images, numerics: Numerics, epochs: int) -> Arm:
    """Return whole epochs of ours, their beginning included."""
    ours = OurInput(images, numerics)

    def run() -> float:
        done = sum(len(labels) for epoch in range(epochs) for _, labels in ours.epoch(epoch))
        _wait(numerics.device)
        return done

    return Arm(OURS, run)


def _restarts(images: Images, numerics: Numerics, repeats: int) -> list[Figure]:
    """Return what an epoch of one batch takes: workers start and end where they do not stay."""
    plain, tuned = train_loader(images), train_loader(images, tuned=True)
    ours = OurInput(images, numerics)
    first: dict[str, Callable[[], Iterator[Batch]]] = {
        CLASSIC: lambda: iter(plain),
        TUNED: lambda: iter(tuned),
        OURS: lambda: ours.epoch(1),
    }
    figures = []
    for name, begin in first.items():
        seconds = []
        for _ in range(repeats + 1):
            started = time.perf_counter()
            next(begin())
            _wait(numerics.device)
            seconds.append(time.perf_counter() - started)
        values = tuple(1e3 * value for value in seconds[1:])
        figures.append(Figure(name=f"an epoch of one batch, {name}", values=values, unit=" ms"))
    return figures


def _wait(device: str) -> None:
    if device == "cuda":
        torch.cuda.synchronize()


BENCHMARK = Benchmark(
    compares="Batches of 128, shuffled, cropped out of 4 pixels of padding, mirrored by chance and "
    "normalised, by torchvision's transforms in a DataLoader with two workers and by ours; the "
    "distributions are equal (tests/benchmarks/test_input.py).",
    measure=measure,
    devices=("cpu", "cuda"),
)

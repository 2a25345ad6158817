"""Input without a model: batches shuffled, cropped, mirrored, normalised, on the device."""

from collections.abc import Iterator
from functools import partial

import torch
from torch import nn

from benchmarks.baselines.classic import BATCH_SIZE, Batch, take, train_loader
from benchmarks.harness import Arm, Benchmark, Case, Figure, Options, alternate, apart, compare
from benchmarks.harness.images import CIFAR10_TRAIN, random_images
from benchmarks.harness.windows import kept
from cifar_models.allocator import keep_freed_memory
from cifar_models.augmentation import HorizontalFlip, RandomCrop
from cifar_models.batches import Batches
from cifar_models.classifier import Classifier
from cifar_models.datasets import Images
from cifar_models.numerics import Numerics

CLASSIC, TUNED, OURS = "DataLoader, 2 workers", "DataLoader, tuned", "ours"


class OurInput:
    """What a training of ours gives to its network, without the network."""

    def __init__(self, images: Images, numerics: Numerics, batch_size: int = BATCH_SIZE) -> None:
        self.batches = Batches(images, (RandomCrop(), HorizontalFlip()), batch_size, numerics)
        self.normalise = Classifier(nn.Identity(), *images.statistics).to(numerics.device)

    def epoch(self, number: int) -> Iterator[Batch]:
        """Yield the batches of an epoch, ready for a network."""
        for images, labels in self.batches.epoch(0, number):
            yield self.normalise(images), labels


def measure(options: Options) -> list[Case]:
    """Measure images a second in the steady state, and what the beginning of an epoch costs."""
    target = 100.0 if options.device == "cuda" else 15.0
    loaders = [partial(_loader, options, tuned) for tuned in (False, True)]
    with apart(*loaders, partial(_ours, options)) as arms:
        windows = alternate(arms, rounds=options.pick(1, 7, 15))
    figures = (
        compare(windows, OURS, CLASSIC, at_least=target),
        compare(windows, OURS, TUNED, at_least=target),
    )
    steady = Case(name="steady state", unit="images", windows=tuple(windows), figures=figures)
    loaders = [partial(_loader_start, options, tuned) for tuned in (False, True)]
    with apart(*loaders, partial(_our_start, options)) as arms:
        starts = alternate(arms, rounds=options.pick(1, 5, 15))
    costs = [
        Figure(
            name=f"an epoch of one batch, {arm}",
            values=tuple(1e3 * window.seconds for window in kept(starts, arm)),
            unit=" ms",
            polluted=any(window.polluted for window in kept(starts, arm)),
        )
        for arm in (CLASSIC, TUNED, OURS)
    ]
    start = Case(name="start", unit="epochs", windows=tuple(starts), figures=tuple(costs))
    return [steady, start]


def _loader(options: Options, tuned: bool) -> Arm:
    """Return a loader in its steady state: workers up, and what they loaded ahead used up."""
    torch.set_num_threads(options.threads)
    batches = options.pick(20, 200, 600)
    endless = iter(train_loader(_images(options), tuned=tuned, endless=True))

    def run(count: int = batches) -> float:
        return _consume(take(endless, count), options.device, tuned)

    def use_up() -> None:
        run(count=8)

    return Arm(TUNED if tuned else CLASSIC, run, prepare=use_up)


def _ours(options: Options) -> Arm:
    """Return whole epochs of ours, their beginning included."""
    ours = _our_input(options)

    def run() -> float:
        epochs = options.pick(1, 5, 15)
        return sum(_consume(ours.epoch(number), options.device) for number in range(epochs))

    return Arm(OURS, run)


def _loader_start(options: Options, tuned: bool) -> Arm:
    """Return epochs of one batch: workers start and end, where they do not stay."""
    torch.set_num_threads(options.threads)
    loader = train_loader(_images(options), tuned=tuned)
    return Arm(
        TUNED if tuned else CLASSIC,
        lambda: min(1.0, _consume(take(iter(loader), 1), options.device, tuned)),
    )


def _our_start(options: Options) -> Arm:
    ours = _our_input(options)
    return Arm(OURS, lambda: min(1.0, _consume(take(ours.epoch(1), 1), options.device)))


def _our_input(options: Options) -> OurInput:
    torch.set_num_threads(options.threads)
    keep_freed_memory()
    return OurInput(_images(options), Numerics(device=options.device, threads=options.threads))


def _images(options: Options) -> Images:
    return random_images(options.pick(5_000, CIFAR10_TRAIN, CIFAR10_TRAIN))


def _consume(batches: Iterator[Batch], device: str, tuned: bool = False) -> float:
    """Bring batches to the device, wait until they are there, and return how many images."""
    done = 0
    for inputs, targets in batches:
        inputs.to(device, non_blocking=tuned)
        targets.to(device, non_blocking=tuned)
        done += len(targets)
    if device == "cuda":
        torch.cuda.synchronize()
    return done


BENCHMARK = Benchmark(
    compares="Batches of 128, shuffled, cropped out of 4 pixels of padding, mirrored by chance and "
    "normalised, by torchvision's transforms in a DataLoader with two workers and by ours; the "
    "distributions are equal (tests/benchmarks/test_input.py).",
    measure=measure,
    devices=("cpu", "cuda"),
)

"""The whole training loop, ours against the classic one, network by network."""

import time
from dataclasses import dataclass
from functools import partial
from typing import Literal

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.baselines.classic import BATCH_SIZE, ClassicLoop, take, train_loader
from benchmarks.harness import (
    Arm,
    Benchmark,
    Case,
    Figure,
    Options,
    Window,
    alternate,
    apart,
    compare,
    rates,
)
from benchmarks.harness.images import NUM_CLASSES, random_images
from cifar_models.architectures import Architecture, ImageShape, LeNet5, PlainCNN, ResNet9, ResNet18
from cifar_models.augmentation import HorizontalFlip, RandomCrop
from cifar_models.datasets import CIFAR10
from cifar_models.numerics import Numerics, Precision, resolve
from cifar_models.optimizers import SGD
from cifar_models.recipe import Phase, Recipe
from cifar_models.training import train

CLASSIC, TUNED, FP32, RULE = "classic", "classic, tuned", "ours, fp32", "ours"
SHAPE = ImageShape(3, 32, 32, NUM_CLASSES)


@dataclass(frozen=True)
class Work:
    """A network, the steps of a window, and what shall be reached.

    Attributes:
        model: The network, the same modules on both sides.
        steps: Of a window on the CPU; a GPU takes at least an epoch of the real data's length.
        target: Of ours over classic on the CPU.
        fp32: The same at full precision.
        cuda: The same on a GPU.
    """

    model: Architecture
    steps: int
    target: float
    fp32: float
    cuda: float


WORKS = {
    "LeNet5": Work(LeNet5(), 120, target=4.0, fp32=2.5, cuda=30.0),
    "2-conv CNN": Work(PlainCNN(channels=(32, 64)), 40, target=4.0, fp32=1.6, cuda=30.0),
    "ResNet9": Work(ResNet9(), 2, target=2.7, fp32=1.15, cuda=6.0),
    "ResNet18": Work(ResNet18(), 2, target=2.7, fp32=1.15, cuda=6.0),
}


def measure(options: Options) -> list[Case]:
    """Measure every network in turn."""
    torch.set_num_threads(options.threads)
    return [_case(name, options) for name in WORKS]


def recipe(model: Architecture, precision: Precision | Literal["auto"]) -> Recipe:
    """Return the classic loop's training as a recipe."""
    return Recipe(
        dataset=CIFAR10(),
        model=model,
        phases=(Phase(epochs=10**6, optimizer=SGD(lr=0.01, momentum=0.9, weight_decay=5e-4)),),
        batch_size=BATCH_SIZE,
        augmentation=(RandomCrop(), HorizontalFlip()),
        precision=precision,
    )


def _case(name: str, options: Options) -> Case:
    work = WORKS[name]
    steps = options.pick(max(1, work.steps // 20), work.steps, 4 * work.steps)
    if options.device == "cuda":
        steps = options.pick(20, 390, 4 * 390)
    chosen = {
        FP32: resolve(recipe(work.model, "fp32"), options.device, options.threads),
        RULE: resolve(recipe(work.model, "auto"), options.device, options.threads),
    }
    makes = [partial(_classic, work.model, steps, options, tuned) for tuned in (False, True)]
    distinct = {numerics: arm for arm, numerics in chosen.items()}  # RULE may choose fp32
    makes += [partial(_ours, arm, work.model, steps, how) for how, arm in distinct.items()]
    with apart(*makes) as arms:
        warmups = 1 if steps >= 10 else 2  # a single one of two steps leaves the first round cold
        windows = alternate(arms, rounds=options.pick(1, 5, 9), warmups=warmups)
    fp32 = distinct[chosen[FP32]]
    cuda = options.device == "cuda"
    figures = [
        compare(windows, RULE, CLASSIC, at_least=work.cuda if cuda else work.target),
        compare(windows, fp32, CLASSIC, at_least=None if cuda else work.fp32).model_copy(
            update={"name": f"{FP32} over {CLASSIC}"}
        ),
        compare(windows, RULE, TUNED),
    ]
    rule = chosen[RULE]
    layout = "channels last" if rule.channels_last else "contiguous"
    peak = matmul_flops(rule)
    note = (
        f"{name}: {steps} steps a window; on {options.device} the rule chose {rule.precision}, "
        f"{layout}. A large matrix product ran there at {peak / 1e12:.3g} TFLOP/s."
    )
    figures.append(_utilisation(work.model, windows, peak))
    return Case(
        name=name, unit="images", windows=tuple(windows), figures=tuple(figures), notes=(note,)
    )


def _classic(model: Architecture, steps: int, options: Options, tuned: bool) -> Arm:
    """Return the classic loop in its steady state: workers up, batches loaded ahead used up."""
    torch.set_num_threads(options.threads)
    loop = ClassicLoop(model.build(SHAPE), tuned=tuned, device=options.device)
    images = random_images(steps * BATCH_SIZE)
    endless = iter(train_loader(images, tuned=tuned, endless=True))

    def run() -> float:
        loop.train(take(endless, steps))  # ends with numbers that the device was asked for
        return steps * BATCH_SIZE

    def use_up() -> None:
        ahead = min(8, steps // 5)
        if ahead:  # input is nothing beside two steps of a deep network
            loop.train(take(endless, ahead))

    return Arm(TUNED if tuned else CLASSIC, run, prepare=use_up)


def _ours(arm: str, model: Architecture, steps: int, numerics: Numerics) -> Arm:
    """Return whole epochs of ours of so many steps, their beginning and end included."""
    images = random_images(steps * BATCH_SIZE)
    precise = recipe(model, numerics.precision)
    training = train(precise, 0, images, None, numerics, NUM_CLASSES)

    def run() -> float:
        result = next(training)
        assert result.status == "running", result
        return steps * BATCH_SIZE

    return Arm(arm, run)


def _utilisation(model: Architecture, windows: list[Window], peak: float) -> Figure:
    """Return what share of a large matrix product's speed, in the same precision, ours reaches."""
    share = 100 * flops_of_an_image(model.build(SHAPE)) / peak
    values = tuple(share * rate for rate in rates(windows, RULE))
    return Figure(name=f"{RULE}: share of a matrix product's FLOP/s", values=values, unit=" %")


def flops_of_an_image(network: nn.Module) -> float:
    """Return the floating point operations of forward and backward pass for one image."""
    count = 2  # a batch norm wants more than one
    counter = FlopCounterMode(display=False)
    with counter:
        network(torch.zeros(count, SHAPE.channels, SHAPE.height, SHAPE.width)).sum().backward()
    return counter.get_total_flops() / count


def matmul_flops(numerics: Numerics) -> float:
    """Return the floating point operations a second of a large square matrix product."""
    size = 8192 if numerics.device == "cuda" else 2048
    factor = torch.randn(size, size, device=numerics.device).to(numerics.dtype)
    product = partial(torch.mm, factor, factor)
    times = []
    for _ in range(6):
        started = time.perf_counter()
        product()[0, 0].item()
        times.append(time.perf_counter() - started)
    return 2 * size**3 / min(times[1:])


BENCHMARK = Benchmark(
    compares="The classic loop (per-image PIL transforms, DataLoader with two workers, fp32, batch "
    "128, SGD with momentum, loss and accuracy asked for at every step), the same tuned (lasting "
    "workers, pinned memory, no number before the end), and ours at fp32 and at the precision that "
    "the fixed rule chooses, on the same network modules.",
    measure=measure,
    devices=("cpu", "cuda"),
    notes=(
        "Steady state: what the classic loop's workers take to start is not in it; a whole epoch "
        "of ours, its beginning and end included, is.",
        "Each arm lives in a process of its own: settings of one, such as our allocator's, do not "
        "help another.",
        "All arms compute with the same number of threads; the classic loop's two workers come on "
        "top, as they do for its users.",
    ),
)

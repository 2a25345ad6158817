"""Trials side by side against the same trials one after another: on one GPU, and on the cores."""

from contextlib import ExitStack
from dataclasses import dataclass

from benchmarks.harness import Arm, Benchmark, Case, Options, alternate, compare
from benchmarks.harness.images import NUM_CLASSES, random_images
from benchmarks.trainer import WORKS, recipe
from cifar_models.numerics import resolve
from sweeps.execution.packing import SIZES, probe, told
from sweeps.execution.side_by_side import SideBySide, Work, side_by_side


@dataclass(frozen=True)
class Side:
    """One way of doing some trials: so many at the same time, each with so many threads."""

    name: str
    at_once: int
    threads: int


@dataclass(frozen=True)
class Claim:
    """One side over another, and what it is to reach; None where it is only told."""

    side: str
    over: str
    at_least: float | None = None


ONE_BY_ONE, HALVED, CROWDED = (
    "one after another", "two at once, half the threads each", "two at once, all threads each",
)  # fmt: skip
CPU_STEPS = {"LeNet5": 20, "2-conv CNN": 4}  # of a trial in one window
GPU_TARGETS = {"LeNet5": 1.5, "2-conv CNN": 1.5, "ResNet18": None}
"""Of four at once over one after another; the last fills much of a GPU by itself."""


def measure(options: Options) -> list[Case]:
    """Measure network by network."""
    if options.device == "cuda":
        return [_on_gpu(name, options) for name in GPU_TARGETS]
    return [_on_cores(name, options) for name in CPU_STEPS]


def _on_cores(name: str, options: Options) -> Case:
    """Do two trials one after another, or at the same time on half or on all of the threads."""
    threads, half = options.threads, max(1, options.threads // 2)
    sides = (Side(ONE_BY_ONE, 1, threads), Side(HALVED, 2, half), Side(CROWDED, 2, threads))
    claims = (
        Claim(HALVED, ONE_BY_ONE, at_least=1.0), Claim(CROWDED, ONE_BY_ONE), Claim(HALVED, CROWDED)
    )  # fmt: skip
    steps = options.pick(2, CPU_STEPS[name], 4 * CPU_STEPS[name])
    return _case(name, sides, claims, steps, options, trials=2)


def _on_gpu(name: str, options: Options) -> Case:
    """Do eight trials one after another, or two, four or eight at a time on one GPU."""
    packed = {count: f"{count} at once" for count in SIZES[1:]}
    sides = (Side(ONE_BY_ONE, 1, 1), *(Side(packed[count], count, 1) for count in packed))
    claims = tuple(
        Claim(packed[count], ONE_BY_ONE, GPU_TARGETS[name] if count == 4 else None)
        for count in packed
    )
    steps = options.pick(20, 390, 4 * 390)
    auto = told(probe(_work(name, steps, 1, options), SIZES))
    case = _case(name, sides, claims, steps, options, trials=SIZES[-1])
    note = f"{name}: `--gpus-per-trial auto` takes {auto}."
    return case.model_copy(update={"notes": (*case.notes, note)})


def _case(
    name: str, sides: tuple[Side, ...], claims: tuple[Claim, ...], steps: int, options: Options,
    trials: int,
) -> Case:  # fmt: skip
    """Let the sides do the same trials in turn; all processes exist from the beginning."""
    works = [_work(name, steps, side.threads, options) for side in sides]
    with ExitStack() as stack:
        arms = [
            arm(stack.enter_context(side_by_side(side.at_once, work)), side, trials, work)
            for side, work in zip(sides, works, strict=True)
        ]
        windows = alternate(arms, rounds=options.pick(1, 5, 9))
    figures = [compare(windows, claim.side, claim.over, claim.at_least) for claim in claims]
    note = f"{name}: {trials} trials of {steps} steps of 128 images in a window."
    return Case(
        name=name, unit="images", windows=tuple(windows), figures=tuple(figures), notes=(note,)
    )


def arm(trainings: SideBySide, side: Side, trials: int, work: Work) -> Arm:
    """Return a side's processes as an arm: in a window they do so many trials, of an epoch each."""

    def run() -> float:
        trainings.train(trials // side.at_once)
        return trials * work.images

    return Arm(side.name, run)


def _work(name: str, steps: int, threads: int, options: Options) -> Work:
    """Return trials of so many steps each, as the classic loop would train them."""
    trained = recipe(WORKS[name].model, "auto")
    return Work(
        recipe=trained.model_dump(mode="json"),
        numerics=resolve(trained, options.device, threads),
        train=random_images(steps * trained.batch_size),
        validation=None,
        num_classes=NUM_CLASSES,
    )


BENCHMARK = Benchmark(
    compares="Trials at the same time, each in a process of its own as in a sweep, against the "
    "same trials one after another: on a GPU 2, 4 and 8 at a time, on a CPU two with half of the "
    "threads each, and two that ask for more threads than there are.",
    measure=measure,
    devices=("cpu", "cuda"),
    notes=(
        "Steady state: processes exist and are warm before they are measured.",
        "On a GPU each trial has one CPU thread.",
    ),
)

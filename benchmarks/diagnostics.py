"""What looking at every step costs: the cheap diagnostics beside a training without any."""

from functools import partial

from benchmarks.harness import Arm, Benchmark, Case, Options, alternate, apart, compare
from benchmarks.harness.images import NUM_CLASSES, random_images
from benchmarks.trainer import WORKS, recipe
from cifar_models.architectures import Architecture
from cifar_models.diagnostics import Diagnostic, GradientFlow, Histograms, RelativeGradient
from cifar_models.numerics import Numerics, resolve
from cifar_models.training import train

PLAIN, LOOKED_AT = "without", "looked at"
CHEAP: tuple[Diagnostic, ...] = (GradientFlow(), RelativeGradient(), Histograms())
BATCH_SIZE = 128
AT_LEAST = 1 / 1.15
"""Of the speed without: at most 15 % slower."""


def measure(options: Options) -> list[Case]:
    """Measure every network of the benchmark of the trainer in turn."""
    return [_case(name, options) for name in WORKS]


def _case(name: str, options: Options) -> Case:
    work = WORKS[name]
    period = RelativeGradient().every_steps  # else what comes once in so many steps comes oftener
    steps = options.pick(max(1, work.steps // 20), max(period, work.steps), 4 * work.steps)
    if options.device == "cuda":
        steps = options.pick(20, 390, 4 * 390)
    numerics = resolve(recipe(work.model, "auto"), options.device, options.threads)
    arms = ((PLAIN, ()), (LOOKED_AT, CHEAP))
    makes = [partial(_arm, arm, work.model, steps, numerics, chosen) for arm, chosen in arms]
    with apart(*makes) as apart_arms:
        windows = alternate(apart_arms, rounds=options.pick(1, 5, 9))
    figure = compare(windows, LOOKED_AT, PLAIN, at_least=AT_LEAST)
    note = f"{name}: an epoch of {steps} steps of {BATCH_SIZE} images a window."
    return Case(name=name, unit="images", windows=tuple(windows), figures=(figure,), notes=(note,))


def _arm(
    name: str,
    model: Architecture,
    steps: int,
    numerics: Numerics,
    diagnostics: tuple[Diagnostic, ...],
) -> Arm:
    """Return whole epochs, what looks at them included."""
    chosen = recipe(model, "auto").replace({"batch_size": BATCH_SIZE})
    images = random_images(steps * BATCH_SIZE)
    training = train(chosen, 0, images, None, numerics, NUM_CLASSES, diagnostics=diagnostics)

    def run() -> float:
        next(training)
        return steps * BATCH_SIZE

    return Arm(name, run)


BENCHMARK = Benchmark(
    compares="A training that the cheap diagnostics look at (gradient flow, relative gradients, "
    "histograms) against the same training without any.",
    measure=measure,
    devices=("cpu", "cuda"),
    notes=("What they take at the end of an epoch is in it, and epochs are short here.",),
)

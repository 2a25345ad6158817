"""What a trial costs besides its training: trials that train nothing."""

import math
import resource
from collections.abc import Callable
from functools import partial
from statistics import median
from typing import NamedTuple

from benchmarks.baselines import tune_control
from benchmarks.harness import Benchmark, Case, Figure, Options, alternate
from benchmarks.harness.once import Once
from cifar_models.architectures import PlainCNN
from cifar_models.datasets import Shapes
from cifar_models.optimizers import SGD
from cifar_models.ranges import LogRange
from cifar_models.recipe import Phase, Recipe
from search_spaces.search import Search
from search_spaces.study import Study

STOCK, BARE, OURS = "stock", "bare Tune", "ours"
ALLOWED = 25.0  # ms a trial above bare Tune


class Spent(NamedTuple):
    """What a sweep took.

    Attributes:
        seconds: of all trials.
        megabytes: that its driver held at most.
    """

    seconds: float
    megabytes: float


def spent(sweep: Callable[[int], float], trials: int) -> Spent:
    """Return what a sweep takes; in a process of its own."""
    seconds = sweep(trials)
    return Spent(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def ours(trials: int) -> float:
    """Return the seconds of a search of ours, from its first trial to its last record."""
    from benchmarks.harness.studies import TrainsNothing, search_alone

    return search_alone(nothing_to_train(trials), 2, trainable=TrainsNothing).swept


def nothing_to_train(trials: int) -> Study:
    """Return a study whose search samples at random; its trials are as small as they can be."""
    base = Recipe(
        dataset=Shapes(train_size=40, test_size=10),
        model=PlainCNN(channels=(4,)),
        phases=(Phase(epochs=1, optimizer=SGD(lr=0.05)),),
        batch_size=20,
    )
    search = Search(space={"optimizer.lr": LogRange(1e-4, 1.0)}, trials=trials, sampler="random")
    return Study(name="control", question="What does a trial cost?", base=base, search=search)


def measure(options: Options) -> list[Case]:
    """Measure a size with both in turn, and how the costs grow."""
    stock, small, large = options.pick((2, 4, 8), (30, 300, 3000), (300, 300, 10_000))
    rounds = options.pick(1, 3, 5)
    cost: dict[tuple[str, int], list[Spent]] = {}
    cases = [
        _case({STOCK: tune_control.as_users_run_it}, stock, 1, options, cost),
        _case({BARE: tune_control.bare, OURS: ours}, small, rounds, options, cost),
        _case({OURS: ours}, large, 1, options, cost),
    ]
    polluted = any(figure.polluted for case in cases for figure in case.figures)
    return [*cases, _growth(small, large, cost, polluted=polluted)]


def _growth(
    small: int, large: int, cost: dict[tuple[str, int], list[Spent]], *, polluted: bool
) -> Case:
    """Say how time and memory of ours grow with the trials."""
    few, many = cost[OURS, small], cost[OURS, large][0]
    ratio = many.seconds / median(each.seconds for each in few)
    kilobytes = 1024 * (many.megabytes - median(each.megabytes for each in few)) / (large - small)
    return Case(
        name=f"growth from {small} to {large} trials",
        figures=(
            Figure(name="exponent of ours", values=(math.log(ratio) / math.log(large / small),),
                   unit="", at_most=1.1, polluted=polluted),
            Figure(name="memory of our driver, for each trial more", values=(kilobytes,),
                   unit=" kB"),
        ),
    )  # fmt: skip


def _case(
    sweeps: dict[str, Callable[[int], float]], trials: int, rounds: int, options: Options,
    cost: dict[tuple[str, int], list[Spent]],
) -> Case:  # fmt: skip
    """Measure sweeps of one size, and note what each took."""
    once = {
        name: Once(name, trials, partial(spent, sweep, trials)) for name, sweep in sweeps.items()
    }
    windows = alternate(
        [each.arm for each in once.values()], rounds, warmups=0, patience=options.pick(0, 1, 2)
    )
    polluted = any(window.polluted and not window.discarded for window in windows)
    for name, each in once.items():
        cost[name, trials] = each.kept(windows)
    a_trial = {
        name: tuple(1000 * each.seconds / trials for each in cost[name, trials]) for name in once
    }
    figures = [
        Figure(name=f"{name}: a trial", values=values, unit=" ms", polluted=polluted)
        for name, values in a_trial.items()
    ]
    if {BARE, OURS} <= once.keys():
        pairs = zip(a_trial[OURS], a_trial[BARE], strict=True)
        figures.append(
            Figure(name=f"{OURS} above {BARE}: a trial", values=tuple(a - b for a, b in pairs),
                   unit=" ms", at_most=ALLOWED, polluted=polluted)
        )  # fmt: skip
    return Case(
        name=f"{trials} trials", unit="trials", windows=tuple(windows), figures=tuple(figures)
    )


BENCHMARK = Benchmark(
    compares="Sweeps of trials that train nothing: a stock script (function trainable, Tune's "
    "default loggers and MLflowLoggerCallback), Tune alone (class trainable, reused actors, no "
    "logger, random search of its own), and ours with journal, MLflow and Optuna on.",
    measure=measure,
    notes=(
        "A figure is the time from the first trial on a worker until all is recorded, over the "
        "number of trials; only the stock script's contains the start of its first worker.",
        "Ours samples at random; what TPE's own arithmetic adds stands under storage.",
        "The rates of the arms contain the start of Python, Ray and workers.",
    ),
)

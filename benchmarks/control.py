"""What a trial costs besides its training: trials that train nothing."""

import math
from functools import partial

from benchmarks.baselines import tune_control
from benchmarks.harness import Benchmark, Case, Figure, Options, alternate
from benchmarks.harness.once import Once

STOCK, BARE, OURS, TPE = "stock", "bare Tune", "ours", "ours, TPE"
ALLOWED = 25.0  # ms a trial above bare Tune


def ours(trials: int, sampler: str) -> float:
    """Return the seconds of a search of ours, from its first trial to its last record."""
    from benchmarks.harness.studies import search_alone
    from cifar_models.architectures import PlainCNN
    from cifar_models.datasets import Shapes
    from cifar_models.optimizers import SGD
    from cifar_models.ranges import LogRange
    from cifar_models.recipe import Phase, Recipe
    from search_spaces.study import Search, Study

    search = Search.model_validate(
        {"space": {"optimizer.lr": LogRange(1e-4, 1.0)}, "trials": trials, "sampler": sampler}
    )
    base = Recipe(
        dataset=Shapes(train_size=40, test_size=10),
        model=PlainCNN(channels=(4,)),
        phases=(Phase(epochs=1, optimizer=SGD(lr=0.05)),),
        batch_size=20,
    )
    study = Study(name="control", question="What does a trial cost?", base=base, search=search)
    return search_alone(study, 2, trains=False).swept


def measure(options: Options) -> list[Case]:
    """Measure every size; the largest are ours alone."""
    small, middle, large = options.pick((4, 8, 12), (300, 1000, 3000), (300, 1000, 10_000))
    stock = options.pick(4, 60, 300)
    arms = {
        small: [
            Once(STOCK, stock, partial(tune_control.as_users_run_it, stock)),
            Once(BARE, small, partial(tune_control.bare, small)),
            Once(OURS, small, partial(ours, small, "random")),
            Once(TPE, small, partial(ours, small, "tpe")),
        ],
        middle: [
            Once(BARE, middle, partial(tune_control.bare, middle)),
            Once(OURS, middle, partial(ours, middle, "random")),
        ],
        large: [Once(OURS, large, partial(ours, large, "random"))],
    }
    cost: dict[tuple[str, int], float] = {}
    cases = [_case(size, arms[size], cost) for size in arms]
    growth = [math.log(cost[OURS, n] * n / (cost[OURS, small] * small)) / math.log(n / small)
              for n in (middle, large)]  # fmt: skip
    figure = Figure(
        name=f"exponent of ours from {small} to {large} trials",
        values=(growth[-1],), unit="", at_most=1.1,
    )  # fmt: skip
    return [*cases, Case(name="growth", figures=(figure,))]


def _case(size: int, arms: list[Once[float]], cost: dict[tuple[str, int], float]) -> Case:
    windows = alternate([once.arm for once in arms], rounds=1, warmups=0)
    polluted = any(window.polluted and not window.discarded for window in windows)
    amounts = {window.arm: window.work for window in windows}
    figures = []
    for once in arms:
        name = once.arm.name
        cost[name, size] = 1000 * once.last / amounts[name]
        limit = cost[BARE, size] + ALLOWED if name == OURS and (BARE, size) in cost else None
        figures.append(
            Figure(
                name=f"{name}: a trial of {amounts[name]:.0f}", values=(cost[name, size],),
                unit=" ms", at_most=limit, polluted=polluted,
            )
        )  # fmt: skip
    return Case(
        name=f"{size} trials", unit="trials", windows=tuple(windows), figures=tuple(figures)
    )


BENCHMARK = Benchmark(
    compares="Sweeps of trials that train nothing: a stock script (function trainable, Tune's "
    "default loggers and MLflowLoggerCallback), Tune alone (class trainable, reused actors, no "
    "logger, random search of its own), and ours with journal, MLflow and Optuna on.",
    measure=measure,
    notes=(
        "A figure is the time from the first trial on a worker until all is recorded, over the "
        "number of trials; only the stock script's contains the start of its first worker.",
        "Ours samples at random; with TPE the sampler's own arithmetic comes on top, which grows "
        "with the number of trials.",
        "The rates of the arms contain the start of Python, Ray and workers.",
    ),
)

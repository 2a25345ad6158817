"""A thousand trials of a millisecond: what guidance and records that last cost a trial."""

import time
from functools import partial
from typing import TYPE_CHECKING, Any

from benchmarks.baselines import tune_persistent
from benchmarks.control import Spent, nothing_to_train, spent
from benchmarks.harness import Benchmark, Case, Figure, Options, Window, alternate
from benchmarks.harness.once import Once

if TYPE_CHECKING:
    from sweeps.execution.trainable import Trainable

STOCK, OURS = "stock, guided and recorded", "ours"
SLOTS = 2
SECONDS = 0.001
ALLOWED = 20.0
"""Percent that a trial of ours may cost above a trial of stock Ray Tune."""
FEW = 10
GROWTH = 100.0
"""MB that our driver may hold beyond what a search of a few trials makes it hold."""


def stock(trials: int) -> float:
    """Return the seconds of a search by Ray Tune, `OptunaSearch` and `MLflowLoggerCallback`."""
    return tune_persistent.search(trials, SLOTS, SECONDS)


def ours(trials: int) -> float:
    """Return the seconds of a search of ours, from its first trial to its last record."""
    from benchmarks.harness.studies import search_alone

    asked = nothing_to_train(trials)
    assert asked.search is not None
    guided = asked.search.model_copy(update={"sampler": "tpe"})
    study = asked.model_copy(update={"search": guided})
    return search_alone(study, SLOTS, trainable=_sleeps()).swept


def _sleeps() -> "type[Trainable]":
    from benchmarks.harness.studies import TrainsNothing

    class Sleeps(TrainsNothing):
        def step(self) -> dict[str, Any]:
            time.sleep(SECONDS)
            recipe, _ = self._parsed()
            return self._report(1, 1, recipe.phases[0].optimizer.model_dump()["lr"])

    return Sleeps


def measure(options: Options) -> list[Case]:
    """Run both with few trials, for their drivers' memory, then with many."""
    trials = options.pick(12, 1000, 1000)
    few = _each(FEW, options)
    many = _each(trials, options)
    cost = {name: 1000 * spent.seconds / trials for name, (spent, _) in many.items()}
    grown = {name: many[name][0].megabytes - few[name][0].megabytes for name in many}
    polluted = any(window.polluted for _, window in many.values())
    return [
        Case(
            name=f"{trials} trials of {1000 * SECONDS:.0f} ms", unit="trials",
            windows=tuple(window for _, window in many.values()),
            figures=(
                *(Figure(name=f"{name}: a trial", values=(ms,), unit=" ms", polluted=polluted)
                  for name, ms in cost.items()),
                Figure(
                    name="what a trial of ours costs more", polluted=polluted, unit=" %",
                    values=(100 * (cost[OURS] / cost[STOCK] - 1),), at_most=ALLOWED,
                ),
                *(Figure(
                    name=f"{name}: memory of the driver above that with {FEW} trials",
                    values=(megabytes,), unit=" MB", at_most=GROWTH if name == OURS else None,
                  ) for name, megabytes in grown.items()),
            ),
        )
    ]  # fmt: skip


def _each(trials: int, options: Options) -> dict[str, tuple[Spent, Window]]:
    """Run each search once, and return what it took and its window."""
    sweeps = {STOCK: stock, OURS: ours}
    once = {
        name: Once(name, trials, partial(spent, sweep, trials)) for name, sweep in sweeps.items()
    }
    windows = alternate(
        [each.arm for each in once.values()], rounds=1, warmups=0, patience=options.pick(0, 1, 1)
    )
    kept = {window.arm: window for window in windows if not window.discarded}
    return {name: (each.kept(windows)[0], kept[name]) for name, each in once.items()}


BENCHMARK = Benchmark(
    compares="A search of a thousand trials of a millisecond, guided by Optuna's TPE with its "
    "trials in a file and recorded in MLflow: by Ray Tune with OptunaSearch, MLflowLoggerCallback, "
    "reused actors and none of Tune's own loggers, and by ours.",
    measure=measure,
    only_full=True,
    notes=(
        "Time from the first trial on a worker until all is recorded. Ours keeps a journal too, "
        "and samples with multivariate TPE and constant liar.",
        "The stock searcher's Optuna file is a journal, the fastest storage that lasts.",
    ),
)

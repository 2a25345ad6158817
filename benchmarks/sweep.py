"""A whole sweep: what it costs beside its trainings, and how soon it has its answer."""

import os
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.baselines import tune_sweep
from benchmarks.baselines.tune_sweep import Epochs, Task
from benchmarks.harness import Benchmark, Case, Figure, Options, Window, alternate, compare
from benchmarks.harness.once import Once
from cifar_models.architectures import ImageShape, LeNet5, PlainCNN
from cifar_models.augmentation import HorizontalFlip, RandomCrop
from cifar_models.datasets import CIFAR10, Shapes
from cifar_models.numerics import Numerics
from cifar_models.optimizers import SGD
from cifar_models.ranges import LogRange
from cifar_models.recipe import Phase, Recipe
from cifar_models.splits import Split, partition
from cifar_models.training import train
from search_spaces.search import Search
from search_spaces.study import SEARCH_SEED, Study

if TYPE_CHECKING:
    from benchmarks.harness.studies import Ran

STOCK, TUNED, OURS = "stock", "stock, tuned", "ours"
SPACE = {"optimizer.lr": LogRange(1e-3, 1.0)}
_LIMITS = {1: 10.0, 10: 3.0}
"""Overhead in % by the length of a trial in seconds."""
_EPOCHS = 4
_SOONER = {"cpu": {STOCK: 5.0, TUNED: 2.0}, "cuda": {STOCK: 10.0, TUNED: 2.0}}
"""How many times sooner ours is to have the same best accuracy."""
_PACKED = 4
"""Trials of every script that share a GPU."""


def measure(options: Options) -> list[Case]:
    """Measure the overhead of trials of both lengths, then the race of the three scripts.

    The overhead is of the processor's work alone, and so measured on it alone.
    """
    lengths = () if options.device == "cuda" else options.pick((1,), (1, 10), (1, 10))
    return [*(_overhead(seconds, options) for seconds in lengths), _race(options)]


# ------------------------------------------------------------------ overhead


def burning(seconds: float) -> Recipe:
    """Return a recipe whose training takes about so long on one thread of this machine."""
    probe = _lasting(2000)
    parts = partition(probe.dataset.build(None), probe.split)
    training = train(probe, 0, parts.train, parts.validation, Numerics(), 10)
    next(training)
    started = time.perf_counter()
    next(training)
    return _lasting(round(2000 * seconds / _EPOCHS / (time.perf_counter() - started)))


def _lasting(images: int) -> Recipe:
    return Recipe(
        dataset=Shapes(train_size=images, test_size=10),
        model=PlainCNN(channels=(8, 16, 32)),
        phases=(Phase(epochs=_EPOCHS, optimizer=SGD(lr=0.05)),),
        split=Split(validation=0.1),
        batch_size=64,
    )


def overhead_study(base: Recipe, trials: int) -> Study:
    """Return a search without halving."""
    plan = Search(space=dict(SPACE), trials=trials, scheduler="none")
    return Study(name="overhead", question="What does a sweep cost?", base=base, search=plan)


def search(base: Recipe, trials: int, slots: int) -> "Ran":
    """Run a search of ours without halving, in this process."""
    from benchmarks.harness.studies import search_alone

    return search_alone(overhead_study(base, trials), slots)


def _overhead(seconds: int, options: Options) -> Case:
    slots = options.threads
    trials = slots * options.pick(2, {1: 20, 10: 8}[seconds], {1: 100, 10: 20}[seconds])
    once = Once(OURS, trials, partial(search, burning(seconds), trials, slots))
    windows = alternate([once.arm], rounds=1, warmups=0, patience=options.pick(0, 1, 1))
    (ran,) = once.kept(windows)
    overhead = Figure(
        name="overhead: (wall - training / slots) / (training / slots)",
        values=(ran.overhead(slots),), unit=" %", at_most=_LIMITS[seconds],
        polluted=windows[-1].polluted,
    )  # fmt: skip
    begun = Figure(name="before the first trial", values=(ran.begun,), unit=" s")
    note = (
        f"{ran.trials} trials of {ran.training / ran.trials:.2f} s on {slots} workers; wall from "
        "the first trial on a worker until everything is recorded."
    )
    return Case(
        name=f"trials of {seconds} s", unit="trials", windows=tuple(windows),
        figures=(overhead, begun), notes=(note,),
    )  # fmt: skip


# ------------------------------------------------------------------ the race


def task(options: Options) -> Task:
    """Return the sweep: learning rates at random, a small network, real labels.

    Raises:
        ValueError: This machine has too few cores for the trials on a GPU.
    """
    if options.device == "cuda" and (os.cpu_count() or 1) < _PACKED:
        raise ValueError(f"{_PACKED} trials share the GPU, and each wants a core of its own")
    images = options.pick(256, 4096, 8192)
    epochs, trials = options.pick((3, 4), (9, 24), (9, 64))
    recipe = base(options.data_dir, images, epochs)
    parts = partition(recipe.dataset.build(options.data_dir), recipe.split)
    assert parts.validation is not None
    low, high = np.log(SPACE["optimizer.lr"].low), np.log(SPACE["optimizer.lr"].high)
    slots = _PACKED if options.device == "cuda" else options.threads
    rates = np.exp(np.random.default_rng(0).uniform(low, high, trials))
    return Task(
        model=LeNet5(), shape=ImageShape(3, 32, 32, 10), rates=rates.tolist(),
        train=parts.train, validation=parts.validation, epochs=epochs, grace=1, factor=3,
        batch_size=128, slots=slots, gpus=1 / slots if options.device == "cuda" else 0.0,
    )  # fmt: skip


def base(data_dir: Path | None, images: int, epochs: int) -> Recipe:
    """Return the recipe that all trials share: CIFAR-10 where it is, else the drawn shapes."""
    count = images + 1024
    return Recipe(
        dataset=CIFAR10() if data_dir else Shapes(train_size=count, test_size=10),
        split=Split(train=images, validation=1024),
        model=LeNet5(),
        phases=(Phase(epochs=epochs, optimizer=SGD(lr=0.1, momentum=0.9, weight_decay=5e-4)),),
        batch_size=128,
        augmentation=(RandomCrop(), HorizontalFlip()),
    )


def ours(sweep: Task, data_dir: Path | None) -> Epochs:
    """Run the same sweep by ours: its learning rates stand in Optuna's file as suggestions."""
    from benchmarks.harness.studies import new_places, search_alone
    from sweeps.execution.images import ImageStore
    from sweeps.execution.optuna_source import open_optuna_study
    from sweeps.execution.plan import Planner
    from sweeps.execution.ray_session import Resources
    from sweeps.execution.suggestions import open_suggestions
    from sweeps.record.places import make_writable

    plan = Search(
        space=dict(SPACE), trials=len(sweep.rates), grace_period=sweep.grace,
        reduction_factor=sweep.factor,
    )  # fmt: skip
    recipe = base(data_dir, len(sweep.train.labels), sweep.epochs)
    study = Study(name="race", question="Which learning rate?", base=recipe, search=plan)
    places = new_places()
    make_writable(places)
    planner = Planner(ImageStore(data_dir), Resources(1, sweep.gpus, sweep.slots))
    baseline = planner.spec(recipe, SEARCH_SEED)
    database = open_optuna_study(study, baseline, open_suggestions(places.suggestions))
    for rate in sweep.rates:
        database.enqueue_trial({"optimizer.lr": rate})
        database.ask()
    ran = search_alone(study, sweep.slots, data_dir=data_dir, places=places, gpus=sweep.gpus)
    trained = [recipe.phases[0].optimizer.model_dump()["lr"] for recipe in ran.recipes]
    if len(trained) != len(sweep.rates) or not np.allclose(sorted(trained), sorted(sweep.rates)):
        raise RuntimeError("ours trained other learning rates: this is no race")
    return [*ran.epochs, (ran.begun + ran.swept, 0.0)]


def _race(options: Options) -> Case:
    sweep = task(options)
    trials = len(sweep.rates)
    if sweep.gpus:  # the same one for every script
        visible = os.environ.get("CUDA_VISIBLE_DEVICES", "0").partition(",")[0]
        os.environ["CUDA_VISIBLE_DEVICES"] = visible
    runs = [
        Once(STOCK, trials, partial(tune_sweep.stock, sweep)),
        Once(TUNED, trials, partial(tune_sweep.tuned, sweep)),
        Once(OURS, trials, partial(ours, sweep, options.data_dir)),
    ]
    windows = alternate([once.arm for once in runs], rounds=1, warmups=0,
                        patience=options.pick(0, 1, 1))  # fmt: skip
    epochs = {once.arm.name: once.kept(windows)[0] for once in runs}
    figures, notes = race_figures(epochs, windows, _SOONER[options.device])
    data = "CIFAR-10" if options.data_dir else "drawn shapes"
    setting = (
        f"{trials} learning rates of LeNet-5, {len(sweep.train.labels)} training images of {data}, "
        f"{sweep.epochs} epochs, ASHA with grace {sweep.grace} and factor {sweep.factor}."
    )
    return Case(
        name="the same ASHA sweep", unit="trials", windows=tuple(windows), figures=tuple(figures),
        notes=(setting, *notes),
    )  # fmt: skip


def race_figures(
    epochs: dict[str, Epochs], windows: list[Window], targets: dict[str, float]
) -> tuple[list[Figure], list[str]]:
    """Compare when each script first had the best accuracy that all of them reached.

    ASHA stops others where trials end in another order, so the scripts do not train equally many
    epochs: what one costs is compared too.
    """
    best = {name: max(accuracy for _, accuracy in seen) for name, seen in epochs.items()}
    goal = min(best.values())
    reached = {
        name: min(at for at, accuracy in seen if accuracy >= goal) for name, seen in epochs.items()
    }
    whole = {name: max(at for at, _ in seen) for name, seen in epochs.items()}
    trained = {name: len(seen) - 1 for name, seen in epochs.items()}
    polluted = any(window.polluted and not window.discarded for window in windows)
    sooner = [
        Figure(name=f"{OURS} over {name}: to the same best accuracy", polluted=polluted,
               values=(reached[name] / reached[OURS],), at_least=target)
        for name, target in targets.items()
    ]  # fmt: skip
    ended = [
        Figure(name=f"{OURS} over {name}: to the end", polluted=polluted,
               values=(whole[name] / whole[OURS],))
        for name in targets
    ]  # fmt: skip
    cost = {name: whole[name] / trained[name] for name in epochs}
    each = [
        Figure(name=f"{OURS} over {name}: to the end, an epoch", polluted=polluted,
               values=(cost[name] / cost[OURS],))
        for name in targets
    ]  # fmt: skip
    told = ", ".join(
        f"{name} {reached[name]:.0f} s (best {best[name]:.3f}, end {whole[name]:.0f} s, "
        f"{trained[name]} epochs)"
        for name in epochs
    )
    note = f"Validation accuracy {goal:.3f}: {told}, from the start of Ray."
    return [*sooner, *ended, *each, *(compare(windows, OURS, name) for name in targets)], [note]


BENCHMARK = Benchmark(
    compares="What a search of ours takes beside its trainings; and the same ASHA sweep by a stock "
    "script (function trainable around the classic loop, MLflow's log_metric at every step, Tune's "
    "default loggers), by the same tuned (class trainable, reused actors, lasting loader workers, "
    "one call of MLflow's an epoch) and by ours.",
    measure=measure,
    devices=("cpu", "cuda"),
    notes=(
        "All arms compute with one thread a trial; the loaders' workers come on top, as they do "
        "for their users.",
        "The time to the best accuracy contains what chance has a part in; the time to the end "
        "does not.",
    ),
)

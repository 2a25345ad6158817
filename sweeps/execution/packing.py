"""How many trials share a GPU: measured before a study's first training, decided by a fixed rule.

The share is no part of a trial's identity: it moves no number but times. What is measured is the
study's base recipe; a search over much larger networks wants a share of its user's own.
"""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import Any

import ray
from rich.console import Console

from cifar_models.numerics import Numerics
from cifar_models.recipe import Recipe
from cifar_models.source_file import SourceFile
from sweeps.execution.options import Options
from sweeps.execution.ray_session import Resources, plan_resources
from sweeps.execution.side_by_side import Work, side_by_side
from sweeps.execution.trainable import TrainingImages

SIZES = (1, 2, 4, 8)
"""Trials on one GPU that are tried."""
GAIN = 1.1
"""How many times faster more trials must be together to be worth it: they also end later."""
FULL = 0.9
"""The share of a GPU's memory that trials may take: the rest is for larger ones than the base."""

_STEPS = 100  # of what stands for an epoch; the epochs of large data would take minutes
_VALIDATION = 1000  # images: as many as an evaluation takes at once, or more
_SECONDS = 2.0


@dataclass(frozen=True)
class Measured:
    """So many trainings at the same time: images a second of all, and bytes of the device."""

    processes: int
    images_per_second: float
    memory: int
    capacity: int


def choose(measured: Sequence[Measured]) -> int:
    """Return how many trials shall share a GPU; 1 where nothing could be measured.

    More trials are taken only if the memory has room for them, and if all together are faster than
    the best of fewer by `GAIN`.

    Args:
        measured: In the order of their processes, from one on.
    """
    best: Measured | None = None
    for found in measured:
        faster = best is None or found.images_per_second > GAIN * best.images_per_second
        if found.processes == 1 or (faster and found.memory <= FULL * found.capacity):
            best = found
    return best.processes if best else 1


def sizes(cpus: float, gpus: float, cpus_per_trial: int, trials_at_once: float) -> list[int]:
    """Return which numbers of trials on one GPU are worth a measurement.

    Args:
        cpus: Of a node.
        gpus: Of the same node; every GPU has its part of the node's CPUs.
        cpus_per_trial: Threads that each trial computes with.
        trials_at_once: On one GPU, that the user lets run.
    """
    most = min(cpus / gpus / cpus_per_trial, trials_at_once)
    return [size for size in SIZES if size <= most]


def probe(work: Work, counts: Iterable[int]) -> list[Measured]:
    """Measure side by side on this machine; end where so many no longer run or fit.

    Returns:
        Nothing at all if not even one runs: its trial will say why.
    """
    measured: list[Measured] = []
    for count in counts:
        try:
            found = measure(work, count)
        except RuntimeError:  # out of memory, most likely
            break
        measured.append(found)
        if found.memory > FULL * found.capacity:
            break
    return measured


def measure(work: Work, count: int) -> Measured:
    """Measure so many trainings at the same time, after an epoch that warms them up."""
    part = excerpt(work)
    with side_by_side(count, part) as trainings:
        trainings.train(1)
        epochs = max(1, round(_SECONDS / _timed(trainings.train, 1)))
        seconds = _timed(trainings.train, epochs)
        memory = trainings.memory()
    rate = count * epochs * part.images / seconds
    return Measured(count, rate, memory.used, memory.capacity)


def excerpt(work: Work) -> Work:
    """Return the same work with epochs of at most `_STEPS` steps, and a short evaluation.

    All training images still lie on the device, as they do for a trial.
    """
    return replace(
        work,
        train=work.train.first(_STEPS * work.recipe["batch_size"]),
        validation=work.validation.first(_VALIDATION) if work.validation else None,
        resident=work.train,
    )


def _timed(train: Any, epochs: int) -> float:
    started = time.perf_counter()
    train(epochs)
    return time.perf_counter() - started


# ---------------------------------------------------------------------- on a cluster's GPU


def pack(
    recipe: Recipe,
    numerics: Numerics,
    images: ray.ObjectRef[TrainingImages],
    sources: tuple[SourceFile, ...],
    options: Options,
    console: Console,
) -> Resources:
    """Measure how many trials a GPU holds, say so, and divide the cluster among them.

    Every run measures anew, before its first training.
    """
    measured = probe_cluster(recipe, numerics, images, sources, options.max_concurrent)
    console.print(told(measured), soft_wrap=True, highlight=False)
    return plan_resources(options.cpus_per_trial, 1 / choose(measured), options.max_concurrent)


def probe_cluster(
    recipe: Recipe,
    numerics: Numerics,
    images: ray.ObjectRef[TrainingImages],
    sources: tuple[SourceFile, ...],
    max_concurrent: int | None,
) -> list[Measured]:
    """Measure on one GPU of the cluster, of the node with the fewest CPUs for each."""
    nodes = [node["Resources"] for node in _nodes() if node["Alive"]]
    offers = [(node.get("CPU", 0.0), node["GPU"]) for node in nodes if node.get("GPU")]
    cpus, gpus = min(offers, key=lambda offer: offer[0] / offer[1])
    everywhere = sum(gpus for _, gpus in offers)
    at_once = ceil(max_concurrent / everywhere) if max_concurrent else float("inf")
    counts = sizes(cpus, gpus, numerics.threads, at_once)
    if len(counts) < 2:
        return []
    task = ray.remote(_probe).options(
        num_cpus=counts[-1] * numerics.threads, num_gpus=1, max_retries=0
    )
    plain = recipe.model_dump(mode="json")
    measured: list[Measured] = ray.get(task.remote(plain, numerics, images, sources, counts))
    return measured


def _nodes() -> list[dict[str, Any]]:
    return ray.nodes()  # type: ignore[no-untyped-call, no-any-return]


def _probe(
    recipe: dict[str, Any],
    numerics: Numerics,
    images: TrainingImages,
    sources: tuple[SourceFile, ...],
    counts: list[int],
) -> list[Measured]:
    work = Work(recipe, numerics, images.train, images.validation, images.num_classes, sources)
    return probe(work, counts)


def told(measured: Sequence[Measured]) -> str:
    """Return the choice and its reasons as one line."""
    if not measured:
        return "1 trial on a GPU: no more could be measured, or CPUs and --max-concurrent allow one"
    chosen = choose(measured)
    figures = ", ".join(
        f"{found.processes}: {found.images_per_second:,.0f} images/s in "
        f"{found.memory / 2**30:.1f} GiB" for found in measured
    )  # fmt: skip
    trials = "1 trial" if chosen == 1 else f"{chosen} trials"
    return f"{trials} on a GPU, measured with the base recipe ({figures})"

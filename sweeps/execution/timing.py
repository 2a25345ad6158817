"""How long an epoch takes: a few steps of each kind of recipe, timed side by side as trials run."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from statistics import fmean
from typing import Any

import ray
import torch
from ray.exceptions import RayTaskError

from cifar_models.numerics import Device, Numerics, Precision, resolve
from cifar_models.recipe import Recipe
from cifar_models.source_file import SourceFile
from sweeps.execution.cost import Cost, Devices, Part, cost, pace
from sweeps.execution.images import ImageStore
from sweeps.execution.ray_session import RaySession, Resources
from sweeps.execution.side_by_side import Work, side_by_side
from sweeps.record.environment import processor

REPEATS = 5
_SECONDS = 0.3
"""Of one repeat, at least."""
_STEPS = {"cpu": 8}
_STEPS_OF_A_GPU = 50
_VALIDATION = 500


def forecast_cost(
    left: Sequence[tuple[Recipe, float]],
    images: ImageStore,
    sources: tuple[SourceFile, ...],
    session: RaySession,
    auto: Callable[[Device], Precision],
    price: float | None = None,
) -> Cost:
    """Time what is left of a study, on a device of this machine or of the cluster.

    Args:
        left: Recipes, and the epochs of each.
        images: The study's.
        sources: Of a user's components.
        session: That has been entered.
        auto: Tells the precision of a recipe that names none.
        price: Of an hour of one device.

    Raises:
        ValueError: A recipe cannot be trained there.
    """
    kinds: dict[str, tuple[Recipe, float]] = {}
    for recipe, epochs in left:
        first, known = kinds.get(pace(recipe), (recipe, 0.0))
        kinds[pace(recipe)] = first, known + epochs
    resources = session.resources
    devices = devices_here(resources) if session.own else devices_of_cluster(resources)
    at_once = max(1, resources.slots // devices.number)
    parts = []
    for recipe, epochs in kinds.values():
        numerics = resolve(recipe, resources.device, resources.cpus_per_trial, auto)
        work = _work(recipe, numerics, images, sources)
        timed = time_epochs if session.own else _there
        parts.append(Part(epochs, timed(work, at_once, recipe.validate_every)))
    return cost(parts, devices, price)


def devices_here(resources: Resources) -> Devices:
    """Return what this machine trains on."""
    cuda = resources.device == "cuda"
    number = min(torch.cuda.device_count(), resources.slots) if cuda else 1
    return Devices(torch.cuda.get_device_name() if cuda else processor(), number, resources.slots)


def devices_of_cluster(resources: Resources) -> Devices:
    """Return what a cluster trains on: all devices that a trial fits on."""
    wanted = "GPU" if resources.gpus_per_trial else "CPU"
    nodes: list[Mapping[str, Any]] = ray.nodes()  # type: ignore[no-untyped-call]
    offers = [node["Resources"] for node in nodes if node["Alive"] and wanted in node["Resources"]]
    number = sum(int(offer["GPU"]) for offer in offers) if wanted == "GPU" else len(offers)
    kinds = {
        name.split(":")[1] for offer in offers for name in offer if "accelerator_type:" in name
    }
    kind = ", ".join(sorted(kinds)) or f"a {wanted} node"
    return Devices(kind, min(number, resources.slots), resources.slots)


def time_epochs(work: Work, count: int, validate_every: int) -> list[float]:
    """Return the seconds of a whole epoch, several times, while so many train at the same time.

    A few steps and a few validation images are timed each by itself; an epoch has more of both.

    Args:
        work: Validates after every epoch.
        count: Trainings at the same time.
        validate_every: Epochs, in truth.

    Raises:
        ValueError: It cannot be trained here.
    """
    steps = _STEPS.get(work.numerics.device, _STEPS_OF_A_GPU)
    part = replace(
        work,
        train=work.train.first(steps * work.recipe["batch_size"]),
        validation=work.validation.first(_VALIDATION) if work.validation else None,
        resident=work.train,
    )
    try:
        with side_by_side(count, part) as trainings:
            trainings.train(1)  # warms up
            once = max(metrics["seconds"] for metrics in trainings.train(1))
            epochs = max(1, math.ceil(_SECONDS / once))
            return [
                fmean(_whole(each, part, work, validate_every) for each in trainings.train(epochs))
                for _ in range(REPEATS)
            ]
    except RuntimeError as error:
        raise ValueError(
            f"cannot time batches of {work.recipe['batch_size']}, {count} at once: {error}; give "
            "a smaller --gpus-per-trial or --max-concurrent, or plan without --probe"
        ) from None


def _whole(metrics: dict[str, float], part: Work, work: Work, validate_every: int) -> float:
    """Return the seconds of a whole epoch, from those of a part."""
    training = part.images / metrics["images_per_second"]
    whole = training * work.images / part.images
    if work.validation and part.validation:
        validating = max(metrics["seconds"] - training, 0.0)
        share = len(work.validation) / len(part.validation)
        whole += validating * share / validate_every
    return whole


def _work(
    recipe: Recipe, numerics: Numerics, images: ImageStore, sources: tuple[SourceFile, ...]
) -> Work:
    source = images.source(recipe)
    parts, classes = source.parts, source.shape.num_classes
    always = recipe.replace({"validate_every": 1}).model_dump(mode="json")
    return Work(always, numerics, parts.train, parts.validation, classes, sources)


def _there(work: Work, count: int, validate_every: int) -> list[float]:
    """Time on one node of the cluster."""
    task: Any = ray.remote(time_epochs).options(
        num_cpus=count * work.numerics.threads,
        num_gpus=1 if work.numerics.device == "cuda" else 0,
        max_retries=0,
    )
    try:
        timed: ray.ObjectRef[list[float]] = task.remote(ray.put(work), count, validate_every)
        return ray.get(timed)
    except RayTaskError as error:
        raise ValueError(str(error.cause)) from None

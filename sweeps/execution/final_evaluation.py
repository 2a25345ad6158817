"""The one look at the test images: finished trials of an ablation, after all choices are made."""

from collections.abc import Iterable, Iterator
from typing import Any

import ray
import torch

from cifar_models import checkpoint as checkpoints
from cifar_models.architectures import ImageShape
from cifar_models.classifier import evaluate
from cifar_models.datasets import Images
from cifar_models.numerics import Numerics
from cifar_models.recipe import Recipe
from cifar_models.source_file import SourceFile, load_source
from cifar_models.training import build_classifier
from sweeps.execution.images import ImageStore
from sweeps.execution.ray_session import Resources
from sweeps.execution.trial_source import checkpoint_url
from sweeps.record.identity import TrialSpec


def final_evaluations(
    specs: Iterable[TrialSpec],
    selection: str,
    storage: str,
    images: ImageStore,
    sources: tuple[SourceFile, ...],
    resources: Resources,
) -> Iterator[tuple[str, dict[str, float]]]:
    """Yield trial and test metrics of each trial, in the order in which they become ready."""
    task = ray.remote(_evaluate).options(
        num_cpus=resources.cpus_per_trial, num_gpus=resources.gpus_per_trial
    )
    waiting = {
        task.remote(
            spec.to_json(), checkpoint_url(storage, spec.id), selection,
            images.share_test(spec.recipe), images.source(spec.recipe).shape, sources,
        ): spec.id
        for spec in specs
    }  # fmt: skip
    while waiting:
        (ready,), _ = ray.wait(list(waiting), num_returns=1)
        yield waiting.pop(ready), ray.get(ready)


def _evaluate(
    spec: dict[str, Any],
    checkpoint: str,
    selection: str,
    test: Images,
    shape: ImageShape,
    sources: tuple[SourceFile, ...],
) -> dict[str, float]:
    """Return the test metrics of a checkpoint's last, or best, weights."""
    for source in sources:
        load_source(source)
    recipe, numerics = Recipe.parse(spec["recipe"]), Numerics.model_validate(spec["numerics"])
    state = checkpoints.load(checkpoint, numerics.device)
    classifier = build_classifier(recipe, shape)
    classifier.load_state_dict(state.best_weights if selection == "best" else state.weights)
    classifier.to(numerics.device).to(memory_format=numerics.memory_format)
    loss = recipe.loss.build(shape.num_classes).to(numerics.device)
    torch.set_num_threads(numerics.threads)
    return evaluate(classifier, test, loss, numerics)

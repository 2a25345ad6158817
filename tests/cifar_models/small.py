"""What the tests of the trainer share: a recipe of seconds, and its images."""

from functools import cache
from pathlib import Path
from typing import Any

from cifar_models.checkpoint import Checkpoint
from cifar_models.numerics import Numerics
from cifar_models.recipe import Recipe
from cifar_models.splits import Partition, partition
from cifar_models.training import Training, train

RECIPE = Recipe.parse(
    {
        "dataset": {"name": "shapes", "train_size": 120, "test_size": 40},
        "split": {"validation": 20},
        "model": {"name": "plain_cnn", "channels": [4, 8], "dropout": 0.2},
        "phases": [
            {"epochs": 2, "optimizer": {"name": "adam", "lr": 0.01}, "schedule": "cosine"},
            {
                "epochs": 3,
                "optimizer": {"name": "sgd", "lr": 0.1, "nesterov": True},
                "schedule": {"name": "one_cycle", "warmup_epochs": 0.5},
            },
        ],
        "batch_size": 30,
        "augmentation": ["random_crop", "horizontal_flip", {"name": "cutout", "size": 8}],
    }
)
"""Every source of chance, two phases with state, and a last batch that is not full."""

ONE_PHASE = Recipe.parse(
    {
        "dataset": {"name": "shapes", "train_size": 120, "test_size": 40},
        "split": {"validation": 20},
        "model": {"name": "plain_cnn", "channels": [4, 8]},
        "epochs": 2,
        "optimizer": {"name": "sgd", "lr": 0.1},
        "batch_size": 30,
    }
)


@cache
def images(size: int = 120) -> Partition:
    """Return rendered images, arrays read-only as in the object store."""
    recipe = RECIPE.replace({"dataset.train_size": size})
    parts = partition(recipe.dataset.build(None), recipe.split)
    assert parts.validation is not None
    for part in (parts.train, parts.validation, parts.test):
        part.pixels.setflags(write=False)
        part.labels.setflags(write=False)
    return parts


def start(
    recipe: Recipe,
    seed: int = 0,
    checkpoint: Checkpoint | None = None,
    numerics: Numerics | None = None,
) -> Training:
    """Return a training of a recipe on those images."""
    parts = images()
    numerics = numerics or Numerics()
    return train(recipe, seed, parts.train, parts.validation, numerics, 10, checkpoint)


def measured(training: Training) -> list[dict[str, Any]]:
    """Return what must be equal in equal trainings, epoch by epoch."""
    costs = {"seconds", "images_per_second", "peak_memory"}
    return [
        {"epoch": result.epoch, "status": result.status}
        | {name: value for name, value in result.metrics.items() if name not in costs}
        for result in training.history
    ]


def write(path: Path, text: str) -> Path:
    """Write a file and return its path."""
    path.write_text(text, encoding="utf-8")
    return path

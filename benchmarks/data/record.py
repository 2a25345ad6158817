"""``python -m benchmarks.data.record --data-dir DIR``: record the curves that `guidance` looks up.

Real trainings of a small network on part of CIFAR-10, on a grid of what is searched there. Half an
hour of one core; what is in the file is not trained again.
"""

import argparse
import json
import sys
from itertools import product, starmap
from pathlib import Path

from benchmarks.data.surrogate import FILE, Grid, Place
from benchmarks.harness.images import cifar10
from cifar_models.architectures import PlainCNN
from cifar_models.datasets import CIFAR10
from cifar_models.numerics import Numerics
from cifar_models.optimizers import SGD
from cifar_models.recipe import Phase, Recipe
from cifar_models.splits import Split, partition
from cifar_models.training import train

EPOCHS = 9
GRID = Grid(
    lr=tuple(10 ** (-3 + step / 4) for step in range(13)),
    weight_decay=(1e-6, 1e-5, 1e-4, 1e-3, 1e-2),
    activation=("relu", "tanh"),
)
BASE = Recipe(
    dataset=CIFAR10(),
    split=Split(train=5000, validation=2000),
    model=PlainCNN(channels=(16, 32)),
    phases=(Phase(epochs=EPOCHS, optimizer=SGD(lr=0.1, momentum=0.9)),),
    batch_size=64,
)


def main() -> int:
    """Record what the file lacks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-dir", type=Path, required=True, help="the real CIFAR-10")
    data = cifar10(parser.parse_args().data_dir)
    parts = partition(data, BASE.split)
    curves = json.loads(FILE.read_text())["curves"] if FILE.exists() else {}
    for place in starmap(Place, product(GRID.activation, GRID.lr, GRID.weight_decay)):
        if place.key in curves:
            continue
        recipe = BASE.replace(
            {
                "model.activation": place.activation,
                "optimizer.lr": place.lr,
                "optimizer.weight_decay": place.weight_decay,
            }
        )
        training = train(recipe, 0, parts.train, parts.validation, Numerics(), len(data.classes))
        measured = [result.metrics.get("validation/accuracy") for result in training]
        curves[place.key] = measured  # shorter where it diverged
        told = {"recipe": BASE.to_plain(), "grid": GRID._asdict(), "curves": curves}
        FILE.write_text(json.dumps(told, indent=None, separators=(",", ":")) + "\n")
        print(place.key, measured[-1], flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())

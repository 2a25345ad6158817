"""A data set and a metric of one's own in a study file: copy it, and change what you need.

    sweeps run --study docs/own_data.py
    sweeps table --study docs/own_data.py --format md

Images may have any size, one channel or more, and any number of classes; a network that they are
too small for says so. ``--dataset NAME`` puts any data set into a study, this file's too.
"""

from pathlib import Path
from typing import Annotated, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from torch import Tensor

from cifar_models.architectures import PlainCNN
from cifar_models.augmentation import HorizontalFlip
from cifar_models.costs import EpochsToAccuracy, Flops
from cifar_models.datasets import Dataset, ImageData, Images
from cifar_models.metrics import Metric
from cifar_models.optimizers import SGD
from cifar_models.recipe import Phase, Recipe
from cifar_models.schedules import OneCycle
from search_spaces import Study, factor

SIDE = 28
STEPS = {"flat": (0, 1), "rising": (1, 1), "upright": (1, 0), "falling": (1, -1)}
"""How far a pixel to the right, and one down, go on along the wave: the four classes."""


class Stripes(Dataset):
    """Grey stripes in four directions, under noise: 28x28 pixels, one channel.

    Source: this file. Data that lie in files are read in ``build``, from ``data_dir``.
    """

    name: Literal["stripes"] = "stripes"
    train_size: Annotated[int, Field(ge=40)] = 1200
    test_size: Annotated[int, Field(ge=40)] = 400
    noise: Annotated[float, Field(ge=0)] = 220.0

    def build(self, data_dir: Path | None) -> ImageData:
        """Draw the images; equal fields must give equal bytes: a trial's name depends on them."""
        rng = np.random.Generator(np.random.PCG64(0))
        train, test = (self._drawn(rng, size) for size in (self.train_size, self.test_size))
        return ImageData(train, test, classes=tuple(STEPS))

    def _drawn(self, rng: np.random.Generator, count: int) -> Images:
        labels = np.arange(count, dtype=np.int64) % len(STEPS)
        right, down = np.array(list(STEPS.values()))[labels].T[..., None, None]
        rows, columns = np.mgrid[:SIDE, :SIDE]
        period = rng.integers(6, 12, (count, 1, 1))
        place = (right * columns + down * rows + rng.integers(0, 12, (count, 1, 1))) % period
        grey = np.where(2 * place < period, 80.0, 170.0)
        grey += self.noise * (rng.random((count, SIDE, SIDE)) - rng.random((count, SIDE, SIDE)))
        pixels: NDArray[np.uint8] = grey.clip(0, 255).astype(np.uint8)
        return Images(pixels[..., None], labels)  # (N, height, width, channels)


class WorstClass(Metric):
    """The smallest recall of any class.

    Source: this file.
    """

    name: Literal["worst_class"] = "worst_class"
    higher_is_better: ClassVar[bool] = True
    percent: ClassVar[bool] = True
    title: ClassVar[str] = "recall of the worst class"

    def measure(self, logits: Tensor, targets: Tensor, num_classes: int) -> float:
        """Return the metric of logits (N, classes) and true classes (N,)."""
        right = logits.argmax(1) == targets
        present = targets.unique()
        return min(right[targets == label].double().mean().item() for label in present)


STUDY = Study(
    name="own_data",
    question="Do mirrored images help where a class is another one's mirror image?",
    base=Recipe(
        dataset=Stripes(),
        model=PlainCNN(channels=(8, 16)),
        phases=(Phase(epochs=4, optimizer=SGD(lr=0.1, momentum=0.9), schedule=OneCycle()),),
        batch_size=40,
    ),
    factors=(factor("mirrored", "augmentation", no=(), yes=(HorizontalFlip(),)),),
    metric="worst_class",
    costs=(EpochsToAccuracy(accuracy=0.9), Flops()),
    seeds=3,
)

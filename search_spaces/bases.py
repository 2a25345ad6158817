"""Base recipes that studies share; a study says only what it changes in them."""

from cifar_models.architectures import Airbench, PlainCNN
from cifar_models.augmentation import AlternatingFlip, HorizontalFlip, RandomCrop
from cifar_models.datasets import CIFAR10, Shapes
from cifar_models.losses import LabelSmoothing
from cifar_models.optimizers import SGD, Lookahead, Muon
from cifar_models.recipe import Phase, Recipe
from cifar_models.schedules import OneCycle, Triangle
from cifar_models.splits import Split
from cifar_models.test_time import FlipAndShiftViews

SMALL_CNN = Recipe(
    dataset=CIFAR10(),
    model=PlainCNN(channels=(16, 32, 64)),
    phases=(
        Phase(
            epochs=10,
            optimizer=SGD(lr=0.1, momentum=0.9, nesterov=True, weight_decay=5e-4),
            schedule=OneCycle(),
        ),
    ),
    batch_size=128,
    augmentation=(RandomCrop(), HorizontalFlip()),
)
"""Three convolutions on CIFAR-10, trained in minutes on two cores."""

TINY_CNN = SMALL_CNN.replace(
    {
        "dataset": Shapes(),
        "model.channels": (8, 16, 32, 64),
        "batch_size": 64,
        "augmentation": (),
        "epochs": 6,
    }
)
"""On the built-in data set, trained in seconds: for a first look at the whole way."""

AIRBENCH_SGD = SGD(lr=1.5, momentum=0.85, nesterov=True, weight_decay=1.33e-3, norm_bias_rate=64)
AIRBENCH_MUON = Muon(
    lr=0.24,
    momentum=0.6,
    sgd=SGD(lr=0.83, momentum=0.85, nesterov=True, weight_decay=2.4e-3, norm_bias_rate=64),
)
"""Both for the mean loss of 1,000 images; rates of SGD grow with the batch.

airbench94 steps against the sum over 1,024 images. airbench94_muon does too, and divides by 256
before the last layer where here it is 9: its 0.67 is 0.67 * (9 / 256) ** 2 * 1,000 here.
"""

SPEEDRUN = Recipe(
    dataset=CIFAR10(),
    split=Split(validation=0),
    model=Airbench(),
    loss=LabelSmoothing(smoothing=0.2),
    phases=(
        Phase(
            epochs=10,
            optimizer=Lookahead(optimizer=AIRBENCH_SGD, every=5, alpha=0.226, growth=3),
            schedule=Triangle(),
        ),
    ),
    batch_size=1000,
    augmentation=(RandomCrop(padding=2, mode="reflect"), AlternatingFlip()),
    test_time=FlipAndShiftViews(),
)
"""94 % on CIFAR-10 in seconds of a large GPU, after airbench94 (Jordan 2024, arXiv:2404.00498).

All 50,000 images train, so that the epoch that counts is the last one.
"""

SPEEDRUN_MUON = SPEEDRUN.replace(
    {
        "epochs": 8,
        "batch_size": 2000,
        "optimizer": AIRBENCH_MUON,
        "optimizer.sgd.lr": 2 * AIRBENCH_MUON.sgd.lr,
        "schedule": "linear",
    }
)
"""As accurate in fewer epochs, after airbench94_muon."""

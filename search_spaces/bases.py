"""Base recipes that studies share; a study says only what it changes in them."""

from cifar_models.architectures import PlainCNN
from cifar_models.augmentation import HorizontalFlip, RandomCrop
from cifar_models.datasets import CIFAR10, Shapes
from cifar_models.optimizers import SGD
from cifar_models.recipe import Phase, Recipe
from cifar_models.schedules import OneCycle

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

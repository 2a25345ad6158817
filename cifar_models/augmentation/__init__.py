"""Random changes of training images, one idea a file; importing this package fills the registry."""

from cifar_models.augmentation.augmentation import Augment, Augmentation, Geometric
from cifar_models.augmentation.colour import ColourJitter
from cifar_models.augmentation.crops_and_flips import AlternatingFlip, HorizontalFlip, RandomCrop
from cifar_models.augmentation.cutout import Cutout
from cifar_models.augmentation.rotation import Rotation

__all__ = [
    "AlternatingFlip",
    "Augment",
    "Augmentation",
    "ColourJitter",
    "Cutout",
    "Geometric",
    "HorizontalFlip",
    "RandomCrop",
    "Rotation",
]

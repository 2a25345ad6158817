"""How much of the spread over seeds each use of chance makes, on the built-in data set."""

from cifar_models.augmentation import HorizontalFlip, RandomCrop
from search_spaces import Study, VarianceBySource
from search_spaces.bases import TINY_CNN

STUDY = Study(
    name="seed_noise",
    question="What makes the spread over seeds: split, initialisation, data order, augmentation?",
    base=TINY_CNN.replace({"epochs": 3, "augmentation": (RandomCrop(padding=2), HorizontalFlip())}),
    design=VarianceBySource(),
    seeds=10,
)

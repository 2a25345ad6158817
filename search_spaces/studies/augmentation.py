"""Data augmentation for a small plain network on CIFAR-10."""

from search_spaces import Study, factor
from search_spaces.bases import SMALL_CNN

STUDY = Study(
    name="augmentation",
    question="Which augmentation pays within ten epochs of a small network?",
    base=SMALL_CNN,
    factors=(
        factor(
            "augmentation",
            "augmentation",
            **{
                "none": (),
                "flip": ("horizontal_flip",),
                "crop": ("random_crop",),
                "cutout": ("cutout",),
                "crop + flip": ("random_crop", "horizontal_flip"),
                "crop + flip + cutout": ("random_crop", "horizontal_flip", "cutout"),
            },
        ),
    ),
    seeds=5,
)

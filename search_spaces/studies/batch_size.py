"""Batch sizes of a small plain network on CIFAR-10, each at its own learning rate."""

from search_spaces import LogRange, Study, TunedOneFactor, factor
from search_spaces.bases import SMALL_CNN

STUDY = Study(
    name="batch_size",
    question="What does a larger batch cost in accuracy, when each has its own learning rate?",
    base=SMALL_CNN,
    factors=(
        factor("batch size", "batch_size", 128, 32, 64, 256, 512, 1024).with_nuisance(
            {"optimizer.lr": LogRange(0.01, 3.0)}
        ),
    ),
    design=TunedOneFactor(trials=8),
    seeds=5,
    note="Equal epochs: a larger batch makes fewer steps.",
)

"""Schedules of the learning rate of a small plain network on CIFAR-10, each at its own rate."""

from search_spaces import LogRange, Study, TunedOneFactor, factor
from search_spaces.bases import SMALL_CNN

STUDY = Study(
    name="schedules",
    question="Which schedule trains a small network best, when each has its own learning rate?",
    base=SMALL_CNN,
    factors=(
        factor(
            "schedule",
            "schedule",
            "one_cycle",
            "triangle",
            "cosine",
            "linear",
            "exponential",
            "constant",
        ).with_nuisance({"optimizer.lr": LogRange(0.01, 1.0)}),
    ),
    design=TunedOneFactor(trials=8),
    seeds=5,
)

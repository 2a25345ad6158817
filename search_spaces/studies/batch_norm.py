"""Batch normalisation of a small plain network on CIFAR-10, at three learning rates."""

from search_spaces import Factorial, Study, factor
from search_spaces.bases import SMALL_CNN

STUDY = Study(
    name="batch_norm",
    question="How much does batch normalisation help, and does the learning rate decide that?",
    base=SMALL_CNN,
    design=Factorial(),
    factors=(
        factor("norm", "model.norm", "batch", "none"),
        factor("learning rate", "optimizer.lr", 0.01, 0.03, 0.1),
    ),
    seeds=5,
)

"""Losses of a small plain network on CIFAR-10."""

from search_spaces import Study, factor
from search_spaces.bases import SMALL_CNN

STUDY = Study(
    name="losses",
    question="Does another loss than cross entropy train a more accurate small network?",
    base=SMALL_CNN,
    factors=(factor("loss", "loss", "cross_entropy", "label_smoothing", "multi_margin"),),
    seeds=5,
)

"""Activations of a small plain network on CIFAR-10."""

from search_spaces import Study, factor
from search_spaces.bases import SMALL_CNN

STUDY = Study(
    name="activations",
    question="Which activation is best in a small convolutional network, all else equal?",
    base=SMALL_CNN,
    factors=(
        factor(
            "activation",
            "model.activation",
            "relu",
            "leaky_relu",
            "elu",
            "tanh",
            "sigmoid",
            "mish",
        ),
    ),
    seeds=5,
)

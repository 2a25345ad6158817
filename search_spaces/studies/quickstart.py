"""The whole way in a few minutes: a search on the built-in data set, then an ablation."""

from cifar_models.augmentation import HorizontalFlip
from cifar_models.optimizers import SGD, AdamW
from search_spaces import LogRange, Search, Study, choice, factor, tuned
from search_spaces.bases import TINY_CNN

STUDY = Study(
    name="quickstart",
    question="What matters for a tiny network on drawn shapes: its activation, or flipped images?",
    base=TINY_CNN,
    search=Search(
        space={
            "optimizer": choice(
                tuned(
                    SGD(nesterov=True), lr=LogRange(0.01, 1.0), weight_decay=LogRange(1e-5, 1e-2)
                ),
                tuned(AdamW(), lr=LogRange(1e-3, 3e-2)),
            ),
            "batch_size": choice(32, 64, 128),
        },
        trials=12,
        grace_period=1,
        reduction_factor=3,
        top_k=2,
    ),
    factors=(
        factor("activation", "model.activation", "relu", "leaky_relu", "tanh"),
        factor("flips", "augmentation", off=(), on=(HorizontalFlip(),)),
    ),
    seeds=5,
)

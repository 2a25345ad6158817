"""What each part of the fastest CIFAR-10 training is worth: all of them, and each left out in turn.

Without validation images, by the protocol of the recipe's source: nothing is chosen here.
"""

from cifar_models.augmentation import HorizontalFlip
from search_spaces import Study, factor
from search_spaces.bases import AIRBENCH_MUON, AIRBENCH_SGD, SPEEDRUN

CROP, FLIP = SPEEDRUN.augmentation

STUDY = Study(
    name="speedrun",
    question="To which of its parts does the fastest CIFAR-10 training owe its accuracy?",
    base=SPEEDRUN,
    factors=(
        factor("first layer", "model.whitening", whitened=True, learnt=False),
        factor("initialisation", "model.dirac", dirac=True, default=False),
        factor(
            "flips",
            "augmentation",
            alternating=(CROP, FLIP),
            random=(CROP, HorizontalFlip()),
            none=(CROP,),
        ),
        factor("crops", "augmentation", mirrored=(CROP, FLIP), none=(FLIP,)),
        factor("norm bias rate", "optimizer.optimizer.norm_bias_rate", 64.0, 1.0),
        factor("label smoothing", "loss.smoothing", 0.2, 0.0),
        factor("optimizer", "optimizer.optimizer", sgd=AIRBENCH_SGD, muon=AIRBENCH_MUON),
        factor("lookahead", "optimizer", on=SPEEDRUN.phases[0].optimizer, off=AIRBENCH_SGD),
        factor("views at test time", "test_time", "flip_and_shift", "flip", "none"),
    ),
    seeds=5,
)

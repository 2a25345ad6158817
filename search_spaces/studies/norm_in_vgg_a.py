"""Why batch norm helps VGG-A: its losses and gradients along a step, with the norm and without.

Question, network and learning rates are those of report a's figures; with so few images and epochs
two cores are done in half an hour. docs/diagnostics.md has the figures.
"""

from cifar_models.diagnostics import (
    BetaSmoothness,
    GradientPredictiveness,
    LossLandscape,
    SuccessiveGradients,
)
from search_spaces.designs import Factorial
from search_spaces.factors import factor
from search_spaces.studies.report_a import VGG
from search_spaces.study import Study

STUDY = Study(
    name="norm_in_vgg_a",
    question="Is the loss of VGG-A smoother along its steps with batch norm?",
    base=VGG.replace(
        {"batch_size": 128, "epochs": 5, "split.train": 5000, "split.validation": 1000}
    ),
    design=Factorial(),
    factors=(
        factor("learning rate", "optimizer.lr", 1e-3, 1e-4),
        factor("norm", "model.norm", "none", "batch"),
    ),
    diagnostics=(
        LossLandscape(),
        GradientPredictiveness(),
        BetaSmoothness(),
        SuccessiveGradients(),
    ),
    seeds=2,
)

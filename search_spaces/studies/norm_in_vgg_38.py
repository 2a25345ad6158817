"""Do gradients vanish in a plain network of 38 layers, and does batch norm bring them back?

Question and network are those of report d; with so few images and epochs two cores are done in an
hour. docs/diagnostics.md has the figures.
"""

from cifar_models.diagnostics import GradientFlow
from search_spaces.factors import factor
from search_spaces.studies.report_d import BASE
from search_spaces.study import Study

STUDY = Study(
    name="norm_in_vgg_38",
    question="Do the gradients of VGG-38 vanish without batch norm?",
    base=BASE.replace({"epochs": 5, "split.train": 8000}),
    factors=(factor("norm", "model.norm", "none", "batch"),),
    diagnostics=(GradientFlow(),),
    seeds=4,
)

"""What the reports drew to explain their results: studies of few variants, looked at closely.

How their networks are trained is as in the studies of the report where it is not stated otherwise.
Learning rates are crossed with the norm where a band over them was drawn.
"""

from cifar_models.architectures import VGG08, VGG38, NewResNet, ResNet18
from cifar_models.diagnostics import (
    BetaSmoothness,
    FeatureMaps,
    FirstKernels,
    GradientFlow,
    GradientPredictiveness,
    Histograms,
    LossLandscape,
    RelativeGradient,
    SuccessiveGradients,
    TrainAndValidation,
)
from cifar_models.norms import NoNorm
from search_spaces.designs import Factorial
from search_spaces.factors import Factor, factor
from search_spaces.studies.report_a import HALVING, LIGHT, VGG
from search_spaces.studies.report_b import BASE as RESNET
from search_spaces.studies.report_c_toys import TOY
from search_spaces.studies.report_d import BASE as NARROW
from search_spaces.study import Study

SEEDS = 2
"""The first is looked at; two show whether the outcome is larger than their spread."""
OFTEN = 10
"""Steps between two looks along the gradient."""

VGG_128 = VGG.replace({"batch_size": 128})
VGG_80 = VGG_128.replace({"epochs": 80})
TOY_5 = TOY.replace({"model.channels": (32, 64, 128, 128, 128)})

_NORMS = factor("norm", "model.norm", "none", "batch")
_STEPS = SuccessiveGradients()
_ALONG = (GradientPredictiveness(every_steps=OFTEN), BetaSmoothness(every_steps=OFTEN), _STEPS)
"""They look at the same gradients, and three studies at the same trainings, done once for all."""


def _rates(*rates: float) -> Factor:
    return factor("learning rate", "optimizer.lr", *rates)


STUDIES = (
    Study(
        name="a_feature-maps",
        question="What do the maps of the lighter network show, layer by layer?",
        base=LIGHT.replace({"schedule": HALVING}),
        diagnostics=(FeatureMaps(),),
        reruns="a_feature-maps",
        seeds=SEEDS,
    ),
    Study(
        name="a_weight-gradient-histograms",
        question="Is the last stage of ResNet18 trained less than that of the lighter network?",
        base=LIGHT.replace({"model": ResNet18()}),
        factors=(factor("architecture", "model", resnet18=ResNet18(), new_resnet=NewResNet()),),
        diagnostics=(Histograms(),),
        reruns="a_weight-gradient-histograms",
        seeds=SEEDS,
    ),
    Study(
        name="a_loss-landscape",
        question="Does the loss of VGG-A vary less with batch norm?",
        base=VGG_128,
        design=Factorial(),
        factors=(_rates(1e-3, 1e-4, 5e-5), _NORMS),
        diagnostics=(LossLandscape(every_steps=OFTEN), _STEPS),
        reruns="a_loss-landscape",
        note="Its band is over learning rates; that along the gradient is the paper's.",
        seeds=SEEDS,
    ),
    Study(
        name="a_gradient-predictiveness-single",
        question="Does the gradient of VGG-A change less from step to step with batch norm?",
        base=VGG_80,
        factors=(_NORMS,),
        diagnostics=_ALONG,
        reruns="a_gradient-predictiveness-single",
        seeds=SEEDS,
    ),
    Study(
        name="a_gradient-predictiveness-multi",
        question="Do gradients of VGG-A differ less between learning rates with batch norm?",
        base=VGG_80,
        design=Factorial(),
        factors=(_rates(1e-3, 1e-4, 1e-5), _NORMS),
        diagnostics=_ALONG,
        reruns="a_gradient-predictiveness-multi",
        seeds=SEEDS,
    ),
    Study(
        name="a_beta-smoothness",
        question="Is the loss of VGG-A smoother with batch norm?",
        base=VGG_80,
        design=Factorial(),
        factors=(_rates(1e-3, 1e-4, 1e-5), _NORMS),
        diagnostics=_ALONG,
        reruns="a_beta-smoothness",
        note="Its measure is a maximum over learning rates, divided by nothing; that along the "
        "gradient is the paper's.",
        seeds=SEEDS,
    ),
    Study(
        name="b_landscapes",
        question="How do loss and accuracy of ResNet-18 go over epochs, with a norm and without?",
        base=RESNET,
        factors=(factor("norm", "model.norm", "batch", "none"),),
        diagnostics=(TrainAndValidation(),),
        reruns="b_landscapes",
        note="Its landscapes are curves over epochs. Of its factors one stands here: each study of "
        "it draws the curves of its own.",
        seeds=SEEDS,
    ),
    Study(
        name="c_kernel-visualisation",
        question="Do the first kernels of a toy network show edges and colours?",
        base=TOY.replace({"model.kernel_size": 7}),
        diagnostics=(FirstKernels(),),
        reruns="c_kernel-visualisation",
        seeds=SEEDS,
    ),
    Study(
        name="c_relative-gradient-norm",
        question="How much do relative gradients differ between layers of a toy network?",
        base=TOY_5,
        diagnostics=(RelativeGradient(),),
        reruns="c_relative-gradient-norm",
        seeds=SEEDS,
    ),
    Study(
        name="c_bn-gradient-norm",
        question="Does batch norm balance the relative gradients of a toy network?",
        base=TOY_5,
        factors=(_NORMS,),
        diagnostics=(RelativeGradient(),),
        reruns="c_bn-gradient-norm",
        seeds=SEEDS,
    ),
    Study(
        name="c_bn-loss-landscape",
        question="Is the loss of a toy network smoother with batch norm?",
        base=TOY_5,
        design=Factorial(),
        factors=(_rates(0.05, 0.1, 0.01), _NORMS),
        diagnostics=(LossLandscape(every_steps=OFTEN), _STEPS),
        reruns="c_bn-loss-landscape",
        note="The learning rates are our choice.",
        seeds=SEEDS,
    ),
    Study(
        name="d_gradient-flow",
        question="Do gradients vanish in a plain network of 38 layers, and not in one of 8?",
        base=NARROW.replace({"model": VGG08(norm=NoNorm())}),
        factors=(
            factor("depth", "model", vgg_08=VGG08(norm=NoNorm()), vgg_38=VGG38(norm=NoNorm())),
        ),
        diagnostics=(GradientFlow(),),
        reruns="d_gradient-flow",
        note="The first convolution keeps its norm, as the report's block has it.",
        seeds=SEEDS,
    ),
)

"""What explains how a training ended, one idea a file; importing this package fills the registry.

A diagnostic looks at a training, and never changes it; a training without any has no hook.
"""

from cifar_models.diagnostics.activation_statistics import ActivationStatistics
from cifar_models.diagnostics.along_gradient import AlongGradient
from cifar_models.diagnostics.beta_smoothness import BetaSmoothness
from cifar_models.diagnostics.calibration import Calibration
from cifar_models.diagnostics.confusion_matrix import ConfusionMatrix
from cifar_models.diagnostics.diagnosis import Diagnosis, Observations, seen_by
from cifar_models.diagnostics.diagnostic import Diagnostic, Observer, Row
from cifar_models.diagnostics.feature_maps import FeatureMaps
from cifar_models.diagnostics.first_kernels import FirstKernels
from cifar_models.diagnostics.gradient_flow import GradientFlow
from cifar_models.diagnostics.gradient_predictiveness import GradientPredictiveness
from cifar_models.diagnostics.hardest_images import HardestImages
from cifar_models.diagnostics.histograms import Histograms
from cifar_models.diagnostics.loss_landscape import LossLandscape
from cifar_models.diagnostics.moment import Moment
from cifar_models.diagnostics.relative_gradient import RelativeGradient
from cifar_models.diagnostics.sharpness import Sharpness
from cifar_models.diagnostics.subject import Subject
from cifar_models.diagnostics.successive_gradients import SuccessiveGradients
from cifar_models.diagnostics.train_and_validation import TrainAndValidation
from cifar_models.diagnostics.trained import Trained

__all__ = [
    "ActivationStatistics",
    "AlongGradient",
    "BetaSmoothness",
    "Calibration",
    "ConfusionMatrix",
    "Diagnosis",
    "Diagnostic",
    "FeatureMaps",
    "FirstKernels",
    "GradientFlow",
    "GradientPredictiveness",
    "HardestImages",
    "Histograms",
    "LossLandscape",
    "Moment",
    "Observations",
    "Observer",
    "RelativeGradient",
    "Row",
    "Sharpness",
    "Subject",
    "SuccessiveGradients",
    "TrainAndValidation",
    "Trained",
    "seen_by",
]

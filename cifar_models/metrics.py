"""The kind `metric`: numbers that say how good the predictions on a data set are."""

from abc import abstractmethod
from typing import TYPE_CHECKING, ClassVar, Literal

from cifar_models.component import Component

if TYPE_CHECKING:  # a table knows metrics without torch
    from torch import Tensor

_BINS = 15


class Metric(Component, kind="metric"):
    """A number from all logits of a data set, for the record and for selection.

    Class variables: ``higher_is_better``; ``percent``, whether tables show it times 100, in %;
    ``title``, how prose calls it where that is not the name.
    """

    higher_is_better: ClassVar[bool]
    percent: ClassVar[bool] = False
    title: ClassVar[str] = ""

    @abstractmethod
    def measure(self, logits: "Tensor", targets: "Tensor", num_classes: int) -> float:
        """Return the metric of logits (N, num_classes) and true classes (N,) int64, N > 0."""


class Accuracy(Metric):
    """Fraction of images whose largest logit is the true class.

    Source: torchmetrics.functional.classification.multiclass_accuracy(average="micro").
    """

    name: Literal["accuracy"] = "accuracy"
    higher_is_better: ClassVar[bool] = True
    percent: ClassVar[bool] = True

    def measure(self, logits: "Tensor", targets: "Tensor", num_classes: int) -> float:
        """Return the metric."""
        return (logits.argmax(1) == targets).double().mean().item()


class MacroF1(Metric):
    """Mean over classes of 2 TP / (2 TP + FP + FN); a class never seen nor said is left out.

    Computed here, because importing torchmetrics costs a worker over two seconds; a test holds
    that both agree.

    Source: torchmetrics.functional.classification.multiclass_f1_score(average="macro").
    """

    name: Literal["macro_f1"] = "macro_f1"
    higher_is_better: ClassVar[bool] = True
    percent: ClassVar[bool] = True
    title: ClassVar[str] = "macro F1"

    def measure(self, logits: "Tensor", targets: "Tensor", num_classes: int) -> float:
        """Return the metric."""
        predictions = logits.argmax(1)
        hits = targets[predictions == targets].bincount(minlength=num_classes)
        seen = targets.bincount(minlength=num_classes)
        said = predictions.bincount(minlength=num_classes)
        present = seen + said > 0
        return (2 * hits / (seen + said).double())[present].mean().item()


class CalibrationError(Metric):
    """Mean gap between confidence and accuracy, over 15 equal bins of confidence.

    The confidence is the largest probability; a bin weighs as many images as it holds.

    Source: Guo et al. 2017 (arXiv:1706.04599), equation 3 (expected calibration error);
    torchmetrics.functional.classification.multiclass_calibration_error(n_bins=15, norm="l1").
    """

    name: Literal["calibration_error"] = "calibration_error"
    higher_is_better: ClassVar[bool] = False
    percent: ClassVar[bool] = True
    title: ClassVar[str] = "calibration error"

    def measure(self, logits: "Tensor", targets: "Tensor", num_classes: int) -> float:
        """Return the metric."""
        confidence, predictions = logits.double().softmax(1).max(1)
        bins = (confidence * _BINS).ceil().long().clamp(1, _BINS) - 1
        gaps = (predictions == targets).double() - confidence
        summed = gaps.new_zeros(_BINS).index_add_(0, bins, gaps)
        return (summed.abs().sum() / len(targets)).item()

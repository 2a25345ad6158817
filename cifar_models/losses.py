"""The kind `loss`: what a training minimises."""

from abc import abstractmethod
from typing import Annotated, Literal

from pydantic import Field
from torch import nn

from cifar_models.component import Component
from cifar_models.ranges import Range


class Loss(Component, kind="loss"):
    """A loss of class scores; values of two different losses cannot be compared."""

    @abstractmethod
    def build(self, num_classes: int) -> nn.Module:
        """Return a module from logits (B, num_classes) and labels (B,) int64 to their mean loss."""


class CrossEntropy(Loss):
    """Negative log-likelihood of the true class under the softmax of the logits.

    Source: torch.nn.CrossEntropyLoss.
    """

    name: Literal["cross_entropy"] = "cross_entropy"

    def build(self, num_classes: int) -> nn.Module:
        """Return the module."""
        return nn.CrossEntropyLoss()


class LabelSmoothing(Loss):
    """Cross entropy to targets that give ``smoothing / num_classes`` to every class.

    The true class keeps ``1 - smoothing + smoothing / num_classes``.

    Source: torch.nn.CrossEntropyLoss(label_smoothing); Szegedy et al. 2016 (arXiv:1512.00567),
    section 7.
    """

    name: Literal["label_smoothing"] = "label_smoothing"
    smoothing: Annotated[float, Field(ge=0, lt=1), Range(0.0, 0.3)] = 0.1

    def build(self, num_classes: int) -> nn.Module:
        """Return the module."""
        return nn.CrossEntropyLoss(label_smoothing=self.smoothing)


class MultiMargin(Loss):
    """Multi-class hinge: mean over classes j of max(0, margin - logit_true + logit_j).

    Source: torch.nn.MultiMarginLoss(p=1); Crammer and Singer 2001, for one weight a class.
    """

    name: Literal["multi_margin"] = "multi_margin"
    margin: Annotated[float, Field(gt=0), Range(0.1, 2.0)] = 1.0

    def build(self, num_classes: int) -> nn.Module:
        """Return the module."""
        return nn.MultiMarginLoss(margin=self.margin)

"""The kind `loss`: what a training minimises."""

from abc import abstractmethod
from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional

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


class LabelSmoothingOthers(Loss):
    """Cross entropy to targets that divide ``smoothing`` among the wrong classes alone.

    The true class keeps ``1 - smoothing``. Equal to `LabelSmoothing` with ``smoothing * C / (C -
    1)``, where C is the number of classes.

    Source: Müller et al. 2019 (arXiv:1906.02629), section 1.1, for the idea; the share of the wrong
    classes as in much teaching code.
    """

    name: Literal["label_smoothing_others"] = "label_smoothing_others"
    smoothing: Annotated[float, Field(ge=0, lt=1), Range(0.0, 0.3)] = 0.1

    def build(self, num_classes: int) -> nn.Module:
        """Return the module.

        Raises:
            ValueError: With so few classes the true one would have no more than the others.
        """
        everywhere = self.smoothing * num_classes / (num_classes - 1)
        if everywhere >= 1:
            raise ValueError(
                f"smoothing {self.smoothing:g} leaves the true one of {num_classes} classes no "
                "more than the others: use less"
            )
        return nn.CrossEntropyLoss(label_smoothing=everywhere)


class Focal(Loss):
    """Cross entropy times ``(1 - p) ** gamma``, p being the probability of the true class.

    Source: Lin et al. 2017 (arXiv:1708.02002), equation 4, for many classes, without weights.
    """

    name: Literal["focal"] = "focal"
    gamma: Annotated[float, Field(ge=0), Range(0.0, 5.0)] = 2.0

    def build(self, num_classes: int) -> nn.Module:
        """Return the module."""
        return _Focal(self.gamma)


class _Focal(nn.Module):
    def __init__(self, gamma: float) -> None:
        super().__init__()
        self.gamma = gamma

    def forward(self, logits: Tensor, labels: Tensor) -> Tensor:
        entropies = functional.cross_entropy(logits, labels, reduction="none")
        return ((1 - torch.exp(-entropies)) ** self.gamma * entropies).mean()


class SquaredError(Loss):
    """Mean over images and classes of the squared difference of logits and one-hot labels.

    Source: torch.nn.MSELoss; Hui and Belkin 2021 (arXiv:2006.07322), section 2, unscaled.
    """

    name: Literal["mse"] = "mse"

    def build(self, num_classes: int) -> nn.Module:
        """Return the module."""
        return _SquaredError()


class _SquaredError(nn.Module):
    def forward(self, logits: Tensor, labels: Tensor) -> Tensor:
        one_hot = functional.one_hot(labels, logits.shape[1]).to(logits)
        return functional.mse_loss(logits, one_hot)


class NegativeLogLikelihood(Loss):
    """Minus the log-probability of the true class: cross entropy in two steps.

    Source: torch.nn.NLLLoss behind torch.nn.LogSoftmax.
    """

    name: Literal["nll"] = "nll"

    def build(self, num_classes: int) -> nn.Module:
        """Return the module."""
        return _NegativeLogLikelihood()


class _NegativeLogLikelihood(nn.Module):
    def forward(self, logits: Tensor, labels: Tensor) -> Tensor:
        return functional.nll_loss(functional.log_softmax(logits, dim=1), labels)


class MultiMargin(Loss):
    """Multi-class hinge: mean over classes j of max(0, margin - logit_true + logit_j).

    Source: torch.nn.MultiMarginLoss(p=1); Crammer and Singer 2001, for one weight a class.
    """

    name: Literal["multi_margin"] = "multi_margin"
    margin: Annotated[float, Field(gt=0), Range(0.1, 2.0)] = 1.0

    def build(self, num_classes: int) -> nn.Module:
        """Return the module."""
        return nn.MultiMarginLoss(margin=self.margin)

"""The kind `optimizer`: how gradients become steps."""

from abc import abstractmethod
from collections.abc import Iterable
from typing import Annotated, Literal, Self

import torch
from pydantic import Field, model_validator
from torch import nn

from cifar_models.component import Component
from cifar_models.ranges import LogRange, Range


class Optimizer(Component, kind="optimizer"):
    """A rule for the weights; ``lr`` is the base rate that a schedule multiplies.

    Fields are bounded by what the rule is defined for; a default of zero outside a logarithmic
    range means that the term is off.
    """

    lr: Annotated[float, Field(gt=0), LogRange(1e-4, 1.0)]
    weight_decay: Annotated[float, Field(ge=0), LogRange(1e-6, 1e-1)] = 0.0

    @abstractmethod
    def build(self, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
        """Return torch's optimizer over the parameters, at the base learning rate."""


class SGD(Optimizer):
    """Stochastic gradient descent, with L2 ``weight_decay`` inside the gradient.

    Source: torch.optim.SGD; Sutskever et al. 2013, section 2, for momentum.
    """

    name: Literal["sgd"] = "sgd"
    lr: Annotated[float, Field(gt=0), LogRange(1e-3, 1.0)] = 0.1
    momentum: Annotated[float, Field(ge=0, lt=1), Range(0.0, 0.99)] = 0.9
    nesterov: bool = False

    @model_validator(mode="after")
    def _nesterov_has_momentum(self) -> Self:
        if self.nesterov and self.momentum == 0:
            raise ValueError("nesterov needs momentum > 0: set momentum, or nesterov: false")
        return self

    def build(self, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
        """Return the optimizer."""
        return torch.optim.SGD(
            parameters,
            lr=self.lr,
            momentum=self.momentum,
            nesterov=self.nesterov,
            weight_decay=self.weight_decay,
        )


class _Moments(Optimizer):
    """What the Adam family shares: running means of the gradient and of its square."""

    lr: Annotated[float, Field(gt=0), LogRange(1e-5, 1e-1)] = 1e-3
    beta1: Annotated[float, Field(ge=0, lt=1), Range(0.5, 0.99)] = 0.9
    beta2: Annotated[float, Field(ge=0, lt=1), Range(0.9, 0.9999)] = 0.999
    eps: Annotated[float, Field(gt=0), LogRange(1e-10, 1e-2)] = 1e-8


class Adam(_Moments):
    """Adaptive moments, with L2 ``weight_decay`` inside the gradient.

    Source: torch.optim.Adam; Kingma and Ba 2015 (arXiv:1412.6980), algorithm 1.
    """

    name: Literal["adam"] = "adam"

    def build(self, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
        """Return the optimizer."""
        return torch.optim.Adam(
            parameters,
            lr=self.lr,
            betas=(self.beta1, self.beta2),
            eps=self.eps,
            weight_decay=self.weight_decay,
        )


class AdamW(_Moments):
    """Adam with decay decoupled from the gradient: weights shrink by ``lr * weight_decay``.

    Source: torch.optim.AdamW; Loshchilov and Hutter 2019 (arXiv:1711.05101), algorithm 2.
    """

    name: Literal["adamw"] = "adamw"
    weight_decay: Annotated[float, Field(ge=0), LogRange(1e-4, 1.0)] = 1e-2

    def build(self, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
        """Return the optimizer."""
        return torch.optim.AdamW(
            parameters,
            lr=self.lr,
            betas=(self.beta1, self.beta2),
            eps=self.eps,
            weight_decay=self.weight_decay,
        )


class RMSprop(Optimizer):
    """Gradient over the root of its running mean square, with L2 ``weight_decay`` inside.

    Source: torch.optim.RMSprop; Hinton 2012, lecture 6e.
    """

    name: Literal["rmsprop"] = "rmsprop"
    lr: Annotated[float, Field(gt=0), LogRange(1e-5, 1e-1)] = 1e-3
    alpha: Annotated[float, Field(ge=0, lt=1), Range(0.8, 0.999)] = 0.99
    eps: Annotated[float, Field(gt=0), LogRange(1e-10, 1e-2)] = 1e-8
    momentum: Annotated[float, Field(ge=0, lt=1), Range(0.0, 0.99)] = 0.0

    def build(self, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
        """Return the optimizer."""
        return torch.optim.RMSprop(
            parameters,
            lr=self.lr,
            alpha=self.alpha,
            eps=self.eps,
            weight_decay=self.weight_decay,
            momentum=self.momentum,
        )

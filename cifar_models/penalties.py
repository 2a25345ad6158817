"""The kind `penalty`: what the size of the weights adds to the loss."""

from abc import abstractmethod
from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from cifar_models.component import Component
from cifar_models.ranges import LogRange

Coefficient = Annotated[float, Field(gt=0), LogRange(1e-6, 1e-2)]


class Penalty(Component, kind="penalty"):
    """A term of the loss; its gradient passes through the optimizer, unlike decoupled decay.

    Biases and the scales and offsets of norms are left out.
    """

    coefficient: Coefficient = 1e-4

    @abstractmethod
    def measure(self, weights: list[Tensor]) -> Tensor:
        """Return the term of some weights, a scalar: the coefficient times a norm of theirs."""


class L1(Penalty):
    """``coefficient`` times the sum of absolute weights.

    Source: Tibshirani 1996, section 1 (lasso).
    """

    name: Literal["l1"] = "l1"

    def measure(self, weights: list[Tensor]) -> Tensor:
        """Return the term."""
        return self.coefficient * torch.stack([weight.abs().sum() for weight in weights]).sum()


class L2(Penalty):
    """``coefficient / 2`` times the sum of squared weights: the gradient is ``coefficient * w``.

    Source: Krogh and Hertz 1991, equation 4.
    """

    name: Literal["l2"] = "l2"

    def measure(self, weights: list[Tensor]) -> Tensor:
        """Return the term."""
        squares = torch.stack([weight.square().sum() for weight in weights])
        return self.coefficient / 2 * squares.sum()


def penalised(network: nn.Module) -> list[Tensor]:
    """Return the weights that penalties are about: those with two dimensions or more."""
    return [p for p in network.parameters() if p.requires_grad and p.ndim > 1]

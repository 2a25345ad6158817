"""Adagrad and Adadelta: rates from the history of each gradient."""

from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import nn

from cifar_models.optimizers.optimizer import GradientRule
from cifar_models.ranges import LogRange, Range


class Adagrad(GradientRule):
    """Gradient over the root of the sum of all its squares, with L2 ``weight_decay`` inside.

    Source: torch.optim.Adagrad; Duchi et al. 2011, figure 1.
    """

    name: Literal["adagrad"] = "adagrad"
    lr: Annotated[float, Field(gt=0), LogRange(1e-4, 1.0)] = 1e-2
    eps: Annotated[float, Field(gt=0), LogRange(1e-12, 1e-2)] = 1e-10

    def build(self, network: nn.Module, total_steps: int) -> torch.optim.Optimizer:
        """Return the optimizer."""
        return torch.optim.Adagrad(self.groups(network), eps=self.eps, foreach=True)


class Adadelta(GradientRule):
    """Steps as large as the running root mean square of steps over that of gradients.

    ``weight_decay`` is inside the gradient, as L2; ``decay: weights`` spares biases and norms.

    Source: torch.optim.Adadelta; Zeiler 2012 (arXiv:1212.5701), algorithm 1.
    """

    name: Literal["adadelta"] = "adadelta"
    lr: Annotated[float, Field(gt=0), LogRange(1e-2, 10.0)] = 1.0
    rho: Annotated[float, Field(ge=0, lt=1), Range(0.8, 0.999)] = 0.9
    eps: Annotated[float, Field(gt=0), LogRange(1e-10, 1e-2)] = 1e-6

    def build(self, network: nn.Module, total_steps: int) -> torch.optim.Optimizer:
        """Return the optimizer."""
        groups = self.groups(network)
        return torch.optim.Adadelta(groups, rho=self.rho, eps=self.eps, foreach=True)

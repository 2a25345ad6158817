"""RMSprop."""

from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import nn

from cifar_models.optimizers.optimizer import GradientRule
from cifar_models.ranges import LogRange, Range


class RMSprop(GradientRule):
    """Gradient over the root of its running mean square, with L2 ``weight_decay`` inside.

    Source: torch.optim.RMSprop; Hinton 2012, lecture 6e.
    """

    name: Literal["rmsprop"] = "rmsprop"
    lr: Annotated[float, Field(gt=0), LogRange(1e-5, 1e-1)] = 1e-3
    alpha: Annotated[float, Field(ge=0, lt=1), Range(0.8, 0.999)] = 0.99
    eps: Annotated[float, Field(gt=0), LogRange(1e-10, 1e-2)] = 1e-8
    momentum: Annotated[float, Field(ge=0, lt=1), Range(0.0, 0.99)] = 0.0

    def build(self, network: nn.Module, total_steps: int) -> torch.optim.Optimizer:
        """Return the optimizer."""
        return torch.optim.RMSprop(
            self.groups(network),
            alpha=self.alpha,
            eps=self.eps,
            momentum=self.momentum,
            foreach=True,
        )

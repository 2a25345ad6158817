"""Stochastic gradient descent."""

from typing import Annotated, Literal, Self

import torch
from pydantic import Field, model_validator
from torch import nn

from cifar_models.optimizers.optimizer import GradientRule
from cifar_models.ranges import LogRange, Range


class SGD(GradientRule):
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

    def build(self, network: nn.Module, total_steps: int) -> torch.optim.Optimizer:
        """Return the optimizer.

        Its velocity begins at zero: torch would let the fused kernel begin it, which leaves it as
        the memory was found where fp16 overflows in the first step and the step is skipped.
        """
        optimizer = torch.optim.SGD(
            self.groups(network), momentum=self.momentum, nesterov=self.nesterov, fused=True
        )
        if self.momentum:
            for group in optimizer.param_groups:
                for parameter in group["params"]:
                    optimizer.state[parameter]["momentum_buffer"] = torch.zeros_like(parameter)
        return optimizer

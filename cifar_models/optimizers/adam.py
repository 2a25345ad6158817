"""Adam and its kin."""

from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import nn

from cifar_models.optimizers.optimizer import GradientRule
from cifar_models.ranges import LogRange, Range


class _Moments(GradientRule):
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

    def build(self, network: nn.Module, total_steps: int) -> torch.optim.Optimizer:
        """Return the optimizer."""
        betas = (self.beta1, self.beta2)
        return torch.optim.Adam(self.groups(network), betas=betas, eps=self.eps, fused=True)


class AdamW(_Moments):
    """Adam with decay decoupled from the gradient: weights shrink by ``lr * weight_decay``.

    Source: torch.optim.AdamW; Loshchilov and Hutter 2019 (arXiv:1711.05101), algorithm 2.
    """

    name: Literal["adamw"] = "adamw"
    weight_decay: Annotated[float, Field(ge=0), LogRange(1e-4, 1.0)] = 1e-2

    def build(self, network: nn.Module, total_steps: int) -> torch.optim.Optimizer:
        """Return the optimizer."""
        betas = (self.beta1, self.beta2)
        return torch.optim.AdamW(self.groups(network), betas=betas, eps=self.eps, fused=True)


class NAdam(_Moments):
    """Adam with Nesterov's look ahead, with L2 ``weight_decay`` inside the gradient.

    Source: torch.optim.NAdam; Dozat 2016, algorithm 8.
    """

    name: Literal["nadam"] = "nadam"
    lr: Annotated[float, Field(gt=0), LogRange(1e-5, 1e-1)] = 2e-3
    momentum_decay: Annotated[float, Field(ge=0), Range(0.0, 0.1)] = 4e-3

    def build(self, network: nn.Module, total_steps: int) -> torch.optim.Optimizer:
        """Return the optimizer."""
        optimizer = torch.optim.NAdam(
            self.groups(network),
            betas=(self.beta1, self.beta2),
            eps=self.eps,
            momentum_decay=self.momentum_decay,
            foreach=True,
        )
        optimizer.register_load_state_dict_post_hook(_products_on_the_cpu)
        return optimizer


def _products_on_the_cpu(optimizer: torch.optim.Optimizer) -> None:
    """Bring back what torch reads in every step, and takes to the GPU when a state is loaded."""
    for state in optimizer.state.values():
        state["mu_product"] = state["mu_product"].cpu()


class RAdam(_Moments):
    """Adam that holds its first steps back while the mean square is uncertain.

    Source: torch.optim.RAdam; Liu et al. 2020 (arXiv:1908.03265), algorithm 2.
    """

    name: Literal["radam"] = "radam"

    def build(self, network: nn.Module, total_steps: int) -> torch.optim.Optimizer:
        """Return the optimizer."""
        betas = (self.beta1, self.beta2)
        return torch.optim.RAdam(self.groups(network), betas=betas, eps=self.eps, foreach=True)

"""Ranger and Ranger21: Adam's kin with slow weights and centred gradients, from a library."""

from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import nn

from cifar_models.optimizers.optimizer import GradientRule, Optimizer, trainable
from cifar_models.ranges import IntRange, LogRange, Range


class Ranger(GradientRule):
    """Rectified Adam with slow weights, on gradients less their mean over each output.

    ``every`` steps the slow weights go ``alpha`` of the way and replace the fast ones. Weights
    shrink by ``lr * weight_decay``. The first steps, while the mean square is uncertain, are those
    of SGD with momentum.

    Source: pytorch_optimizer.Ranger; Wright 2019, "Ranger"; Liu et al. 2020 (arXiv:1908.03265),
    Zhang et al. 2019 (arXiv:1907.08610), Yong et al. 2020 (arXiv:2004.01461).
    """

    name: Literal["ranger"] = "ranger"
    lr: Annotated[float, Field(gt=0), LogRange(1e-5, 1e-1)] = 1e-3
    beta1: Annotated[float, Field(ge=0, lt=1), Range(0.5, 0.99)] = 0.95
    beta2: Annotated[float, Field(ge=0, lt=1), Range(0.9, 0.9999)] = 0.999
    eps: Annotated[float, Field(gt=0), LogRange(1e-10, 1e-2)] = 1e-5
    every: Annotated[int, Field(gt=0), IntRange(1, 20)] = 6
    alpha: Annotated[float, Field(gt=0, le=1), Range(0.1, 0.9)] = 0.5
    centred: bool = True

    def build(self, network: nn.Module, total_steps: int) -> torch.optim.Optimizer:
        """Return the optimizer."""
        from pytorch_optimizer import Ranger  # loads for a second: only where it is used

        return Ranger(
            self.groups(network),
            betas=(self.beta1, self.beta2),
            eps=self.eps,
            k=self.every,
            alpha=self.alpha,
            use_gc=self.centred,
            degenerated_to_sgd=True,  # its default climbs the gradient in the first steps
            foreach=True,
        )


class Ranger21(Optimizer):
    """AdamW with two momenta, slow weights, and gradients that are clipped, centred and scaled.

    Built in are a warm-up (``2 / (1 - beta2)`` steps, or 22 % of all where that were over 45 %) and
    a fall from ``lr`` to ``floor`` over the last 28 % of the steps: leave the schedule constant, it
    is not heard while the rate falls. The rate that a training reports is without the two.

    Source: pytorch_optimizer.Ranger21; Wright and Demeure 2021 (arXiv:2106.13731).
    """

    name: Literal["ranger21"] = "ranger21"
    lr: Annotated[float, Field(gt=0), LogRange(1e-5, 1e-1)] = 1e-3
    weight_decay: Annotated[float, Field(ge=0), LogRange(1e-6, 1e-1)] = 1e-4
    beta0: Annotated[float, Field(ge=0, lt=1), Range(0.0, 0.99)] = 0.9
    beta1: Annotated[float, Field(ge=0, lt=1), Range(0.5, 0.99)] = 0.9
    beta2: Annotated[float, Field(ge=0, lt=1), Range(0.9, 0.9999)] = 0.999
    eps: Annotated[float, Field(gt=0), LogRange(1e-10, 1e-2)] = 1e-8
    clip: Annotated[float, Field(gt=0), LogRange(1e-3, 1.0)] = 1e-2
    every: Annotated[int, Field(gt=0), IntRange(1, 20)] = 5
    alpha: Annotated[float, Field(gt=0, le=1), Range(0.1, 0.9)] = 0.5
    floor: Annotated[float, Field(ge=0), LogRange(1e-6, 1e-3)] = 3e-5

    def build(self, network: nn.Module, total_steps: int) -> torch.optim.Optimizer:
        """Return the optimizer."""
        from pytorch_optimizer import Ranger21  # as above

        return Ranger21(
            trainable(network),  # one group: all fall from one rate
            total_steps,
            lr=self.lr,
            weight_decay=self.weight_decay,
            beta0=self.beta0,
            betas=(self.beta1, self.beta2),
            eps=self.eps,
            agc_clipping_value=self.clip,
            lookahead_merge_time=self.every,
            lookahead_blending_alpha=self.alpha,
            warm_down_min_lr=self.floor,
            foreach=True,
        )

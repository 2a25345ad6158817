"""Schedule-free: the weights that count are a running mean of those that learn."""

from typing import Annotated, Any, Literal, cast

import torch
from pydantic import Field
from torch import nn

from cifar_models.optimizers.optimizer import GradientRule, Settled
from cifar_models.ranges import LogRange, Range


class _ScheduleFree(GradientRule):
    """What both share: gradients are taken between the mean and the newest weights.

    ``beta`` says how near to the mean. Meant for a constant schedule, perhaps with warm-up: steps
    enter the mean with the square of the highest rate so far. ``weight_decay`` pulls at the weights
    where the gradient is taken.
    """

    beta: Annotated[float, Field(gt=0, lt=1), Range(0.5, 0.99)] = 0.9

    def settled(self, optimizer: torch.optim.Optimizer) -> Settled:
        """Return the mean weights."""
        switched = cast(Any, optimizer)
        parameters = [p for group in optimizer.param_groups for p in group["params"]]
        training = [p.detach().clone() for p in parameters]
        switched.eval()
        means = [p.detach().clone() for p in parameters]
        switched.train()
        with torch.no_grad():  # exactly: going there and back has rounded
            torch._foreach_copy_(parameters, training)
        return list(zip(parameters, means, strict=True))


class ScheduleFreeSGD(_ScheduleFree):
    """Stochastic gradient descent whose averaging stands for momentum and for a schedule.

    Source: pytorch_optimizer.ScheduleFreeSGD; Defazio et al. 2024 (arXiv:2405.15682), equations 3
    to 5 and section 4.
    """

    name: Literal["schedule_free_sgd"] = "schedule_free_sgd"
    lr: Annotated[float, Field(gt=0), LogRange(1e-2, 10.0)] = 1.0

    def build(self, network: nn.Module, total_steps: int) -> torch.optim.Optimizer:
        """Return the optimizer."""
        from pytorch_optimizer import ScheduleFreeSGD  # loads for a second: only where it is used

        return ScheduleFreeSGD(self.groups(network), momentum=self.beta, foreach=True)


class ScheduleFreeAdamW(_ScheduleFree):
    """AdamW whose averaging stands for momentum and for a schedule.

    Source: pytorch_optimizer.ScheduleFreeAdamW; Defazio et al. 2024 (arXiv:2405.15682), algorithm
    1.
    """

    name: Literal["schedule_free_adamw"] = "schedule_free_adamw"
    lr: Annotated[float, Field(gt=0), LogRange(1e-4, 1e-1)] = 2.5e-3
    beta2: Annotated[float, Field(ge=0, lt=1), Range(0.9, 0.9999)] = 0.999
    eps: Annotated[float, Field(gt=0), LogRange(1e-10, 1e-2)] = 1e-8

    def build(self, network: nn.Module, total_steps: int) -> torch.optim.Optimizer:
        """Return the optimizer."""
        from pytorch_optimizer import ScheduleFreeAdamW  # as above

        betas = (self.beta, self.beta2)
        return ScheduleFreeAdamW(self.groups(network), betas=betas, eps=self.eps, foreach=True)

"""Lookahead: slow weights that follow fast ones."""

from typing import Annotated, Any, Literal, cast

import torch
from pydantic import Field
from torch import Tensor, nn

from cifar_models.optimizers.optimizer import Optimizer, Settled, trainable
from cifar_models.optimizers.sgd import SGD
from cifar_models.ranges import IntRange, Range


class Lookahead(Optimizer):
    """Slow weights that every ``every`` steps are pulled to an optimizer's and replace them.

    They move by ``alpha`` of the way; with ``growth`` above zero by nearly all of it at
    first, and by ``1 - (1 - alpha) * (step / total_steps) ** growth`` at any step. They are also
    pulled at the last step, so that a training ends in the slow weights. Running statistics of the
    network are averaged with its weights. (Steps that a loss scale skips are not counted: with fp16
    the training may end a few steps after the last pull.)

    Source: Zhang et al. 2019 (arXiv:1907.08610), algorithm 1; the growing pull and the averaged
    statistics from cifar10-airbench (Jordan 2024, arXiv:2404.00498, section 3.4).
    """

    name: Literal["lookahead"] = "lookahead"
    optimizer: Optimizer = SGD()
    every: Annotated[int, Field(gt=0), IntRange(1, 20)] = 5
    alpha: Annotated[float, Field(gt=0, le=1), Range(0.1, 0.9)] = 0.5
    growth: Annotated[float, Field(ge=0), Range(0.0, 3.0)] = 0.0

    def build(self, network: nn.Module, total_steps: int) -> torch.optim.Optimizer:
        """Return the optimizer; its groups are those of the optimizer inside."""
        inside = self.optimizer.build(network, total_steps)
        statistics = [b for b in network.buffers() if b.is_floating_point()]
        averaged = [p.detach() for p in trainable(network)] + statistics
        return SlowWeights(inside, averaged, self, total_steps)

    def settled(self, optimizer: torch.optim.Optimizer) -> Settled:
        """Return what settles inside."""
        return self.optimizer.settled(cast(SlowWeights, optimizer).inside)


class SlowWeights(torch.optim.Optimizer):
    """Steps an optimizer, and now and then takes its weights back."""

    def __init__(
        self,
        inside: torch.optim.Optimizer,
        averaged: list[Tensor],
        options: Lookahead,
        total_steps: int,
    ) -> None:
        super().__init__(inside.param_groups, {})
        self.inside, self.averaged, self.options = inside, averaged, options
        self.slow = [value.clone() for value in averaged]
        self.steps, self.total_steps = 0, total_steps

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """Change the weights once."""
        self.inside.step(closure)
        self.steps += 1
        if self.steps % self.options.every == 0 or self.steps == self.total_steps:
            progress = self.steps / self.total_steps
            stays = (1 - self.options.alpha) * progress**self.options.growth
            torch._foreach_lerp_(self.slow, self.averaged, 1 - stays)
            torch._foreach_copy_(self.averaged, self.slow)

    def state_dict(self) -> dict[str, Any]:
        """Return the state of the optimizer inside, the slow weights and the steps taken."""
        return {"inside": self.inside.state_dict(), "slow": self.slow, "steps": self.steps}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from a state."""
        self.inside.load_state_dict(state_dict["inside"])
        self.param_groups = self.inside.param_groups  # torch has put new ones there
        self.steps = state_dict["steps"]
        with torch.no_grad():
            torch._foreach_copy_(self.slow, state_dict["slow"])

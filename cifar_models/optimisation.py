"""The steps of a training: optimizer, learning rate and loss scale through a recipe's phases."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from cifar_models.averaging import Average
from cifar_models.numerics import Numerics
from cifar_models.optimizers import Settled
from cifar_models.recipe import Recipe


class Optimisation:
    """Steps the weights of a network; every phase begins with an optimizer of its own."""

    def __init__(
        self, recipe: Recipe, network: nn.Module, steps_per_epoch: int, numerics: Numerics
    ) -> None:
        self._phases, self._network, self._steps_per_epoch = recipe.phases, network, steps_per_epoch
        self._scaler = torch.amp.GradScaler(numerics.device, enabled=numerics.precision == "fp16")
        steps = recipe.epochs * steps_per_epoch
        self._average = Average(recipe.averaging.build(steps, steps_per_epoch), network)
        self._start_phase(0)

    @property
    def learning_rate(self) -> float:
        """That of the last step."""
        return float(self._optimizer.param_groups[0]["lr"])

    def begin(self, epoch: int) -> None:
        """Prepare the steps of an epoch, counted from 1."""
        phase, first = self._phase_of(epoch)
        if epoch == first and epoch > 1:
            self._settle()
            self._start_phase(phase)
        self._next_step = (epoch - first) * self._steps_per_epoch

    def step(self, loss: Tensor, look: Callable[[Callable[[], float]], None] | None = None) -> None:
        """Change the weights once, against the gradient of the loss.

        Before that, ``look`` is called: it finds the gradients times a number, and is told how to
        ask for it, for which a GPU is waited for.
        """
        factor = self._schedule(self._next_step)
        self._next_step += 1
        for group in self._optimizer.param_groups:
            group["lr"] = group["initial_lr"] * factor
        self._optimizer.zero_grad(set_to_none=True)
        self._scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
        if look is not None:
            look(self._scaler.get_scale)
        self._scaler.step(self._optimizer)
        self._scaler.update()
        self._average.step()

    def settled(self) -> Settled:
        """Return the weights that count where they are others than those that learn; else none."""
        return self._average.settled() or self._rule.settled(self._optimizer)

    @torch.no_grad()
    def _settle(self) -> None:
        """Leave a phase with the weights that its optimizer means to give."""
        for parameter, value in self._rule.settled(self._optimizer):
            parameter.copy_(value)

    def state(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the states of optimizer and scaler, for `restore`."""
        return self._optimizer.state_dict(), self._scaler.state_dict()

    def restore(
        self,
        epoch: int,
        optimizer: dict[str, Any],
        scaler: dict[str, Any],
        averaged: dict[str, Tensor],
    ) -> None:
        """Take up the states at the end of an epoch; 0 is before the first.

        ``averaged`` are the network's weights that counted then, if they were others.
        """
        self._start_phase(self._phase_of(max(epoch, 1))[0])
        self._optimizer.load_state_dict(optimizer)
        self._scaler.load_state_dict(scaler)
        self._average.restore(epoch * self._steps_per_epoch, averaged)

    def _start_phase(self, number: int) -> None:
        phase = self._phases[number]
        steps = phase.epochs * self._steps_per_epoch
        self._rule = phase.optimizer
        self._optimizer = self._rule.build(self._network, steps)
        for group in self._optimizer.param_groups:
            group["initial_lr"] = group["lr"]
        self._schedule = phase.schedule.build(steps, self._steps_per_epoch)

    def _phase_of(self, epoch: int) -> tuple[int, int]:
        """Return the phase of an epoch and the first epoch of that phase."""
        first = 1
        for number, phase in enumerate(self._phases):
            if epoch < first + phase.epochs:
                return number, first
            first += phase.epochs
        raise AssertionError(f"epoch {epoch} lies beyond the last phase")

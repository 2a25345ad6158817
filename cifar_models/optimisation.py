"""The steps of a training: optimizer, learning rate and loss scale through a recipe's phases."""

from typing import Any

import torch
from torch import Tensor, nn

from cifar_models.numerics import Numerics
from cifar_models.recipe import Recipe


class Optimisation:
    """Steps the weights of a network; every phase begins with an optimizer of its own."""

    def __init__(
        self, recipe: Recipe, network: nn.Module, steps_per_epoch: int, numerics: Numerics
    ) -> None:
        self._phases, self._network, self._steps_per_epoch = recipe.phases, network, steps_per_epoch
        self._scaler = torch.amp.GradScaler(numerics.device, enabled=numerics.precision == "fp16")
        self._start_phase(0)

    @property
    def learning_rate(self) -> float:
        """That of the last step."""
        return float(self._optimizer.param_groups[0]["lr"])

    def begin(self, epoch: int) -> None:
        """Prepare the steps of an epoch, counted from 1."""
        phase, first = self._phase_of(epoch)
        if epoch == first and epoch > 1:
            self._start_phase(phase)
        self._next_step = (epoch - first) * self._steps_per_epoch

    def step(self, loss: Tensor) -> None:
        """Change the weights once, against the gradient of the loss."""
        factor = self._schedule(self._next_step)
        self._next_step += 1
        for group in self._optimizer.param_groups:
            group["lr"] = group["initial_lr"] * factor
        self._optimizer.zero_grad(set_to_none=True)
        self._scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
        self._scaler.step(self._optimizer)
        self._scaler.update()

    def state(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the states of optimizer and scaler, for `restore`."""
        return self._optimizer.state_dict(), self._scaler.state_dict()

    def restore(self, epoch: int, optimizer: dict[str, Any], scaler: dict[str, Any]) -> None:
        """Take up the states at the end of an epoch; 0 is before the first."""
        self._start_phase(self._phase_of(max(epoch, 1))[0])
        self._optimizer.load_state_dict(optimizer)
        self._scaler.load_state_dict(scaler)

    def _start_phase(self, number: int) -> None:
        phase = self._phases[number]
        steps = phase.epochs * self._steps_per_epoch
        self._optimizer = phase.optimizer.build(self._network, steps)
        for group in self._optimizer.param_groups:
            group["initial_lr"] = group["lr"]
        self._schedule = phase.schedule.build(
            phase.epochs * self._steps_per_epoch, self._steps_per_epoch
        )

    def _phase_of(self, epoch: int) -> tuple[int, int]:
        """Return the phase of an epoch and the first epoch of that phase."""
        first = 1
        for number, phase in enumerate(self._phases):
            if epoch < first + phase.epochs:
                return number, first
            first += phase.epochs
        raise AssertionError(f"epoch {epoch} lies beyond the last phase")

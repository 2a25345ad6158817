"""The kind `schedule`: the learning rate as a pure function of the step, so resume has no state."""

import math
from abc import abstractmethod
from collections.abc import Callable
from typing import Annotated, Literal

from pydantic import Field

from cifar_models.component import Component
from cifar_models.ranges import IntRange, LogRange, Range

Factor = Callable[[int], float]


class Schedule(Component, kind="schedule"):
    """A factor on the base learning rate, stepped per batch, after an optional linear warm-up.

    Warm-up rises from ``1 / n`` of the curve's first value at step 0 to all of it at step n - 1,
    where n is ``warmup_epochs`` in steps; the curve then takes the steps that remain.
    """

    warmup_epochs: Annotated[float, Field(ge=0), Range(0.0, 5.0)] = 0.0

    def build(self, total_steps: int, steps_per_epoch: int) -> Factor:
        """Return the factor at step 0 <= step < total_steps of a phase.

        Raises:
            ValueError: The warm-up leaves no step of the phase.
        """
        warmup = round(self.warmup_epochs * steps_per_epoch)
        if warmup >= total_steps:
            raise ValueError(
                f"a warm-up of {self.warmup_epochs:g} epochs fills the whole phase of "
                f"{total_steps / steps_per_epoch:g}: shorten warmup_epochs, or train longer"
            )
        curve = self.curve(total_steps - warmup, steps_per_epoch)

        def factor(step: int) -> float:
            return (step + 1) / warmup * curve(0) if step < warmup else curve(step - warmup)

        return factor

    @abstractmethod
    def curve(self, total_steps: int, steps_per_epoch: int) -> Factor:
        """Return the factor after warm-up, of steps counted from the end of it."""


class Constant(Schedule):
    """The base rate throughout.

    Source: torch.optim.lr_scheduler.ConstantLR(factor=1).
    """

    name: Literal["constant"] = "constant"

    def curve(self, total_steps: int, steps_per_epoch: int) -> Factor:
        """Return the factor after warm-up."""
        return lambda step: 1.0  # noqa: ARG005


class Step(Schedule):
    """Times ``gamma`` after every ``every_epochs`` epochs.

    Source: torch.optim.lr_scheduler.StepLR, stepped per epoch.
    """

    name: Literal["step"] = "step"
    gamma: Annotated[float, Field(gt=0, le=1), LogRange(0.05, 0.9)] = 0.5
    every_epochs: Annotated[int, Field(gt=0), IntRange(1, 50)] = 25

    def curve(self, total_steps: int, steps_per_epoch: int) -> Factor:
        """Return the factor after warm-up."""
        return lambda step: self.gamma ** (step // (self.every_epochs * steps_per_epoch))


class Cosine(Schedule):
    """Half a cosine from the base rate down to ``floor`` times it.

    Source: torch.optim.lr_scheduler.CosineAnnealingLR, stepped per batch; Loshchilov and Hutter
    2017 (arXiv:1608.03983), equation 5, without restarts.
    """

    name: Literal["cosine"] = "cosine"
    floor: Annotated[float, Field(ge=0, le=1), Range(0.0, 0.1)] = 0.0

    def curve(self, total_steps: int, steps_per_epoch: int) -> Factor:
        """Return the factor after warm-up."""
        return lambda step: _cosine(1.0, self.floor, step / total_steps)


class Linear(Schedule):
    """A straight line from the base rate down to ``floor`` times it.

    Source: torch.optim.lr_scheduler.LinearLR(start_factor=1), stepped per batch.
    """

    name: Literal["linear"] = "linear"
    floor: Annotated[float, Field(ge=0, le=1), Range(0.0, 0.1)] = 0.0

    def curve(self, total_steps: int, steps_per_epoch: int) -> Factor:
        """Return the factor after warm-up."""
        return lambda step: _line(1.0, self.floor, step / total_steps)


class OneCycle(Schedule):
    """Up from ``1 / initial_divisor`` to the base rate, and down to far below where it started.

    The last factor is ``1 / (initial_divisor * final_divisor)``.

    Source: torch.optim.lr_scheduler.OneCycleLR (two phases, momentum left alone); Smith and Topin
    2018 (arXiv:1708.07120), section 3.
    """

    name: Literal["one_cycle"] = "one_cycle"
    warmup_fraction: Annotated[float, Field(gt=0, lt=1), Range(0.1, 0.5)] = 0.3
    initial_divisor: Annotated[float, Field(ge=1), LogRange(1.0, 100.0)] = 25.0
    final_divisor: Annotated[float, Field(ge=1), LogRange(1.0, 1e5)] = 1e4
    annealing: Literal["cosine", "linear"] = "cosine"

    def curve(self, total_steps: int, steps_per_epoch: int) -> Factor:
        """Return the factor after warm-up."""
        between = {"cosine": _cosine, "linear": _line}[self.annealing]
        first, peak = 1.0 / self.initial_divisor, self.warmup_fraction * total_steps - 1
        last, end = first / self.final_divisor, total_steps - 1

        def factor(step: int) -> float:
            if step < peak:
                return between(first, 1.0, step / peak)
            return between(1.0, last, (step - peak) / (end - peak))

        return factor


class Triangle(Schedule):
    """From ``start`` times the base rate up to it at the fraction ``peak``, then down to ``end``.

    Source: Page 2018, "How to train your ResNet", part 1; with these defaults cifar10-airbench
    (Jordan 2024, arXiv:2404.00498).
    """

    name: Literal["triangle"] = "triangle"
    start: Annotated[float, Field(gt=0, le=1), Range(0.05, 1.0)] = 0.2
    peak: Annotated[float, Field(gt=0, lt=1), Range(0.1, 0.5)] = 0.23
    end: Annotated[float, Field(ge=0, le=1), Range(0.0, 0.2)] = 0.07

    def curve(self, total_steps: int, steps_per_epoch: int) -> Factor:
        """Return the factor after warm-up."""
        top = self.peak * total_steps

        def factor(step: int) -> float:
            if step < top:
                return _line(self.start, 1.0, step / top)
            return _line(1.0, self.end, (step - top) / (total_steps - top))

        return factor


def _cosine(start: float, end: float, fraction: float) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * fraction)) / 2


def _line(start: float, end: float, fraction: float) -> float:
    return start + (end - start) * fraction

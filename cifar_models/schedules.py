"""The kind `schedule`: the learning rate as a pure function of the step, so resume has no state."""

import math
from abc import abstractmethod
from bisect import bisect_right
from collections.abc import Callable
from typing import Annotated, Literal, Self

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

    def stretched(self, factor: float) -> Self:
        """Return it for a phase ``factor`` times as long: what is told in epochs goes along."""
        return self.model_copy(update={"warmup_epochs": self.warmup_epochs * factor})


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

    def stretched(self, factor: float) -> Self:
        """Return it for a phase ``factor`` times as long."""
        every = max(round(self.every_epochs * factor), 1)
        return super().stretched(factor).model_copy(update={"every_epochs": every})


class MultiStep(Schedule):
    """Times ``gamma`` at each of some epochs, counted from the end of the warm-up.

    Source: torch.optim.lr_scheduler.MultiStepLR, stepped per epoch.
    """

    name: Literal["multi_step"] = "multi_step"
    gamma: Annotated[float, Field(gt=0, le=1), LogRange(0.05, 0.9)] = 0.1
    milestones: tuple[Annotated[int, Field(gt=0)], ...] = (100, 150)

    def curve(self, total_steps: int, steps_per_epoch: int) -> Factor:
        """Return the factor after warm-up."""
        passed = sorted(epoch * steps_per_epoch for epoch in self.milestones)
        return lambda step: self.gamma ** bisect_right(passed, step)

    def stretched(self, factor: float) -> Self:
        """Return it for a phase ``factor`` times as long."""
        milestones = tuple(max(round(epoch * factor), 1) for epoch in self.milestones)
        return super().stretched(factor).model_copy(update={"milestones": milestones})


class Exponential(Schedule):
    """Down to ``floor`` times the base rate, by the same factor at every step.

    Source: torch.optim.lr_scheduler.ExponentialLR, stepped per batch, its gamma chosen by the end.
    """

    name: Literal["exponential"] = "exponential"
    floor: Annotated[float, Field(gt=0, le=1), LogRange(1e-4, 0.5)] = 0.01

    def curve(self, total_steps: int, steps_per_epoch: int) -> Factor:
        """Return the factor after warm-up."""
        return lambda step: self.floor ** (step / total_steps)


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


class CosineRestarts(Schedule):
    """Half a cosine down to ``floor``, again and again, each ``growth`` times as long as the last.

    The first takes ``first_epochs``.

    Source: torch.optim.lr_scheduler.CosineAnnealingWarmRestarts, stepped per batch; Loshchilov and
    Hutter 2017 (arXiv:1608.03983), section 3.
    """

    name: Literal["cosine_restarts"] = "cosine_restarts"
    first_epochs: Annotated[int, Field(gt=0), IntRange(1, 50)] = 10
    growth: Annotated[int, Field(gt=0), IntRange(1, 3)] = 2
    floor: Annotated[float, Field(ge=0, le=1), Range(0.0, 0.1)] = 0.0

    def curve(self, total_steps: int, steps_per_epoch: int) -> Factor:
        """Return the factor after warm-up."""

        def factor(step: int) -> float:
            length = self.first_epochs * steps_per_epoch
            while step >= length:
                step -= length
                length *= self.growth
            return _cosine(1.0, self.floor, step / length)

        return factor

    def stretched(self, factor: float) -> Self:
        """Return it for a phase ``factor`` times as long."""
        first = max(round(self.first_epochs * factor), 1)
        return super().stretched(factor).model_copy(update={"first_epochs": first})


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

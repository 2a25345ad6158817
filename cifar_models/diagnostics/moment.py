"""One step of a training as diagnostics see it, and what lies along its gradient."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import torch
from torch import Tensor
from torch.func import functional_call

from cifar_models.classifier import full_precision
from cifar_models.diagnostics.subject import Subject
from cifar_models.streams import global_stream

Gradient = dict[str, Tensor]
"""By the names of the classifier's weights."""


@dataclass(eq=False)
class Moment:
    """A step between its gradients and its change of the weights.

    Attributes:
        subject: the training.
        epoch: from 1.
        step: of the epoch, from 0.
        images: the batch as the classifier is given it, (B, C, H, W).
        criterion: the batch's loss, without penalties, of float logits (B, classes).
        loss: the value of it that the step takes, a scalar.
        scaling: returns `scale`.
    """

    subject: Subject
    epoch: int
    step: int
    images: Tensor
    criterion: Callable[[Tensor], Tensor]
    loss: Tensor
    scaling: Callable[[], float] = lambda: 1.0
    _gradients: dict[float, tuple[Tensor, Gradient]] = field(default_factory=dict)

    @property
    def number(self) -> int:
        """The step, counted from the training's first, which is 0."""
        return (self.epoch - 1) * self.subject.steps + self.step

    @property
    def last(self) -> bool:
        """Whether it is the last step of its epoch."""
        return self.step == self.subject.steps - 1

    @cached_property
    def scale(self) -> float:
        """What gradients are multiplied by (by the loss scale of fp16); a GPU is waited for."""
        return self.scaling()

    @cached_property
    def taken(self) -> bool:
        """Whether the optimizer takes the step: in fp16 it skips those that overflow."""
        if self.scale == 1.0:
            return True
        found = [weight.grad for weight in self.subject.trainable.values()]
        finite = [gradient.isfinite().all() for gradient in found if gradient is not None]
        return bool(torch.stack(finite).all())

    @cached_property
    def gradients(self) -> dict[str, Tensor]:
        """The gradient that the step takes, penalties included, by layer."""
        found = {name: w.grad for name, w in self.subject.layers.items() if w.grad is not None}
        if self.scale != 1.0:
            found = {name: gradient / self.scale for name, gradient in found.items()}
        return found

    # ------------------------------------------------------------------ along the gradient

    def loss_at(self, step_size: float) -> Tensor:
        """Return the batch's loss, a scalar, ``step_size`` times the gradient down from here.

        As in training (batch statistics, dropout), but in fp32; dropout draws the same at all step
        sizes.
        """
        if step_size in self._gradients:
            return self._gradients[step_size][0]
        with torch.no_grad(), full_precision(self.subject.numerics.device):
            return self._loss(self._weights(step_size))

    def gradient_at(self, step_size: float) -> Gradient:
        """Return the gradient of `loss_at` by all trained weights, there."""
        if step_size not in self._gradients:
            weights = {name: w.requires_grad_() for name, w in self._weights(step_size).items()}
            with torch.enable_grad(), full_precision(self.subject.numerics.device):
                loss = self._loss(weights)
                found = torch.autograd.grad(
                    loss, list(weights.values()), allow_unused=True, materialize_grads=True
                )
            self._gradients[step_size] = loss.detach(), dict(zip(weights, found, strict=True))
        return self._gradients[step_size][1]

    def _weights(self, step_size: float) -> dict[str, Tensor]:
        """Return copies of the trained weights, moved."""
        here = {name: w.detach() for name, w in self.subject.trainable.items()}
        if not step_size:
            return {name: w.clone() for name, w in here.items()}
        gradient = self.gradient_at(0.0)
        return {name: w - step_size * gradient[name] for name, w in here.items()}

    def _loss(self, weights: dict[str, Tensor]) -> Tensor:
        subject = self.subject
        with global_stream(subject.seed, "diagnostics", self.epoch, self.step):
            logits = functional_call(
                subject.classifier, {**weights, **subject.buffers()}, (self.images,)
            )
            return self.criterion(logits.float())


def norm(gradient: Gradient) -> Tensor:
    """Return the l2 norm of a gradient over all weights together."""
    return torch.nn.utils.get_total_norm(gradient.values())


def distance(one: Gradient, other: Gradient) -> Tensor:
    """Return the l2 distance of two gradients over all weights together."""
    return norm({name: value - other[name] for name, value in one.items()})

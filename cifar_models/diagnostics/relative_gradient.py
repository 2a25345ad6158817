"""Gradients and steps beside the weights that they change: does every layer learn as fast?"""

from collections.abc import Iterable, Sequence
from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import Tensor

from cifar_models.diagnostics.diagnostic import Diagnostic, Observer, Row
from cifar_models.diagnostics.moment import Moment


class RelativeGradient(Diagnostic):
    """Norm of each layer's gradient, and of its change by a step, divided by that of its weights.

    Means over every ``every_steps``-th step of an epoch. Columns: ``layer``, ``depth`` (from 1 at
    the input), ``gradient`` (||g||_F / ||w||_F), ``update`` (||w' - w||_F / ||w||_F, of steps that
    another one follows in the epoch; None if there is none).

    Source: You et al. 2017 (arXiv:1708.03888), table 2 and section 4 (ratios by layer); Karpathy's
    CS231n notes, "Ratio of weights:updates".
    """

    name: Literal["relative_gradient"] = "relative_gradient"
    every_steps: Annotated[int, Field(gt=0)] = 10

    def observer(self) -> Observer:
        """Return what sums them up."""
        return _Ratios(self.every_steps)


class _Ratios(Observer):
    def __init__(self, every: int) -> None:
        self.every, self.layers = every, tuple[str, ...]()
        self.gradients: list[Tensor] = []
        self.updates: list[Tensor] = []
        self.before: list[Tensor] = []
        self.norms = torch.zeros(())

    def due(self, moment: Moment) -> bool:
        return bool(self.before) or moment.step % self.every == 0

    def observe(self, moment: Moment) -> None:
        gradients = moment.gradients
        weights = [moment.subject.layers[layer].detach() for layer in gradients]
        if self.before:  # weights as the step before has left them
            changes = torch._foreach_sub(weights, self.before)
            self.updates.append(norms(changes) / self.norms)
            self.before = []
        if moment.step % self.every:
            return
        self.layers, self.norms = tuple(gradients), norms(weights)
        self.gradients.append(norms(list(gradients.values())) / self.norms)
        self.before = [weight.clone() for weight in weights]

    def rows(self) -> Iterable[Row]:
        gradients, updates = _means(self.gradients), _means(self.updates)
        for number, layer in enumerate(self.layers):
            yield {
                "layer": layer,
                "depth": number + 1,
                "gradient": gradients[number],
                "update": updates[number] if updates else None,
            }


def norms(tensors: Sequence[Tensor]) -> Tensor:
    """Return the Frobenius norm of each tensor, (tensors,)."""
    return torch.stack(torch._foreach_norm(list(tensors), 2))


def _means(ratios: list[Tensor]) -> list[float]:
    means: list[float] = torch.stack(ratios).mean(0).tolist() if ratios else []
    return means

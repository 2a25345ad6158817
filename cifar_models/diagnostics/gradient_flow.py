"""How large gradients are, layer by layer: do they vanish on the way back to the input?"""

from collections.abc import Iterable
from typing import Literal

import torch
from torch import Tensor

from cifar_models.diagnostics.diagnostic import Diagnostic, Observer, Row
from cifar_models.diagnostics.moment import Moment


class GradientFlow(Diagnostic):
    """Mean absolute gradient of each layer's weights, over all steps of an epoch.

    Columns: ``layer``, ``depth`` (from 1 at the input), ``mean_absolute``.

    Source: Glorot and Bengio 2010, "Understanding the difficulty of training deep feedforward
    neural networks", section 4.2 (gradients by layer); here a mean over weights and steps.
    """

    name: Literal["gradient_flow"] = "gradient_flow"

    def observer(self) -> Observer:
        """Return what sums them up."""
        return _Sums()


class _Sums(Observer):
    def __init__(self) -> None:
        self.steps, self.total = 0, torch.zeros(())
        self.layers: tuple[str, ...] = ()

    def observe(self, moment: Moment) -> None:
        gradients = moment.gradients
        self.layers, self.steps = tuple(gradients), self.steps + 1
        self.total = self.total.to(moment.loss.device) + mean_absolute(list(gradients.values()))

    def rows(self) -> Iterable[Row]:
        means = (self.total / max(self.steps, 1)).tolist()
        for depth, layer in enumerate(self.layers, start=1):
            yield {"layer": layer, "depth": depth, "mean_absolute": means[depth - 1]}


def mean_absolute(tensors: list[Tensor]) -> Tensor:
    """Return the mean absolute value of each tensor, (tensors,); one kernel for all of them."""
    sums = torch.stack(torch._foreach_norm(tensors, 1))
    return sums / torch.tensor([t.numel() for t in tensors], device=sums.device)

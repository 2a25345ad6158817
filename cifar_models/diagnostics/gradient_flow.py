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
        self.sums: list[Tensor] = []
        self.sizes: dict[str, int] = {}

    def observe(self, moment: Moment) -> None:
        gradients = moment.gradients
        self.sizes = {layer: gradient.numel() for layer, gradient in gradients.items()}
        self.sums.append(torch.stack(torch._foreach_norm(list(gradients.values()), 1)))

    def rows(self) -> Iterable[Row]:
        means = torch.stack(self.sums).mean(0).tolist() if self.sums else []
        for depth, (layer, size) in enumerate(self.sizes.items(), start=1):
            yield {"layer": layer, "depth": depth, "mean_absolute": means[depth - 1] / size}

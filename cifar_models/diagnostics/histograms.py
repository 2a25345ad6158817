"""How the weights of a layer, and their gradients, are distributed."""

import math
from collections.abc import Iterable, Iterator
from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import Tensor

from cifar_models.diagnostics.diagnostic import Diagnostic, Observer, Row
from cifar_models.diagnostics.moment import Moment
from cifar_models.diagnostics.trained import Trained


class Histograms(Diagnostic):
    """Histograms of each layer's weights, and of their gradients in the last step of an epoch.

    The initial weights are those of epoch 0. Columns: ``layer``, ``depth`` (from 1 at the input),
    ``quantity`` (weight or gradient), ``low`` and ``high`` (the ends; 1 apart from the value where
    all are the same), ``counts`` (of ``bins`` equal bins between them; all zero where there are
    values that are not finite), ``sd``. In fp16 a last step that overflows has no gradients.

    Source: torch.histc.
    """

    name: Literal["histograms"] = "histograms"
    bins: Annotated[int, Field(gt=0)] = 60

    def observer(self) -> Observer:
        """Return what looks at initial weights and last gradients."""
        return _Ends(self.bins)

    def analyse(self, trained: Trained) -> Iterable[Row]:
        """Return the histograms of the weights."""
        return _rows("weight", trained.subject.layers, self.bins)


class _Ends(Observer):
    def __init__(self, bins: int) -> None:
        self.bins, self.found, self.began = bins, list[Row](), False

    def due(self, moment: Moment) -> bool:
        return moment.last or self._initial(moment)

    def _initial(self, moment: Moment) -> bool:
        """Whether no step has been taken; in fp16 the first ones may overflow."""
        return moment.epoch == 1 and not self.began

    def observe(self, moment: Moment) -> None:
        if self._initial(moment):
            self.began = True
            rows = _rows("weight", moment.subject.layers, self.bins)
            self.found += [{"epoch": 0, **row} for row in rows]
        if moment.last:
            rows = _rows("gradient", moment.gradients, self.bins)
            self.found += [{"epoch": moment.epoch, **row} for row in rows]

    def rows(self) -> Iterable[Row]:
        return self.found


def _rows(quantity: str, layers: "dict[str, Tensor] | dict[str, torch.nn.Parameter]", bins: int
) -> Iterator[Row]:  # fmt: skip
    for depth, (layer, tensor) in enumerate(layers.items(), start=1):
        values = tensor.detach().float().cpu()
        low, high = values.min().item(), values.max().item()  # either is NaN where any value is
        finite = math.isfinite(low) and math.isfinite(high)
        if low == high:
            low, high = low - 1, high + 1
        counts = torch.histc(values, bins, low, high) if finite else torch.zeros(bins)
        yield {
            "layer": layer,
            "depth": depth,
            "quantity": quantity,
            "low": low,
            "high": high,
            "counts": [int(count) for count in counts.tolist()],
            "sd": values.std(correction=0).item(),
        }

"""How the outputs of activations are distributed, and how many units are dead."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import Tensor

from cifar_models.diagnostics.diagnostic import Diagnostic, Row
from cifar_models.diagnostics.trained import Trained


class ActivationStatistics(Diagnostic):
    """Mean, deviation and zeros of each activation's outputs, by epoch, and its dead units.

    A unit (a channel of a map, or a feature) is dead where it is zero for all of the ``images``,
    the first that were not trained on, at every place. Columns: ``layer``, ``depth`` (from 1 at the
    input), ``mean``, ``sd``, ``zeros`` and ``dead`` (shares of outputs and of units).

    Source: Lu et al. 2019 (arXiv:1903.06733), section 1, for dead units; sums in float64.
    """

    name: Literal["activation_statistics"] = "activation_statistics"
    images: Annotated[int, Field(gt=0)] = 500

    def analyse(self, trained: Trained) -> Iterable[Row]:
        """Return a row a layer."""
        layers: dict[str, _Sums] = {}

        def look(path: str, outputs: Tensor) -> None:
            layers.setdefault(path, _Sums()).add(outputs)

        trained.outputs(trained.measured[1].first(self.images), look)
        for depth, (layer, sums) in enumerate(layers.items(), start=1):
            yield {"layer": layer, "depth": depth, **sums.row()}


@dataclass
class _Sums:
    number: int = 0
    total: float = 0.0
    squares: float = 0.0
    zeros: int = 0
    alive: Tensor | None = None

    def add(self, outputs: Tensor) -> None:
        """Count the outputs (B, units, ...) of a part of the images."""
        values, zero = outputs.double(), outputs == 0
        self.number += outputs.numel()
        self.total += values.sum().item()
        self.squares += values.square().sum().item()
        self.zeros += int(zero.sum().item())
        alive = (~zero).transpose(0, 1).flatten(1).any(1).cpu()
        self.alive = alive if self.alive is None else self.alive | alive

    def row(self) -> Row:
        """Return what they give."""
        assert self.alive is not None
        mean = self.total / self.number
        return {
            "mean": mean,
            "sd": max(self.squares / self.number - mean**2, 0.0) ** 0.5,
            "zeros": self.zeros / self.number,
            "dead": (~self.alive).to(torch.float64).mean().item(),
        }

"""The kind `optimizer`: how gradients become steps."""

from abc import abstractmethod
from collections.abc import Collection
from typing import Annotated, Any, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from cifar_models.component import Component
from cifar_models.ranges import LogRange

Group = dict[str, Any]
"""Parameters that share their options, as torch's optimizers take them."""

Settled = list[tuple[Tensor, Tensor]]
"""Parameters, and the values of theirs that count."""

# _NormBase is what torch's batch and instance normalisations have in common
_NORMS = (nn.modules.batchnorm._NormBase, nn.GroupNorm, nn.LayerNorm)


class Optimizer(Component, kind="optimizer"):
    """A rule for the weights, or something around one."""

    @abstractmethod
    def build(self, network: nn.Module, total_steps: int) -> torch.optim.Optimizer:
        """Return torch's optimizer of the network's trainable parameters.

        A schedule multiplies the rate ``lr`` of each of its groups.

        Args:
            network: On its device; parameters that do not require a gradient are left alone.
            total_steps: How many steps it will take.
        """

    def settled(self, optimizer: torch.optim.Optimizer) -> Settled:
        """Return the weights that count where they are others than those that learn; else none.

        They are measured, selected and kept, and what another phase begins with.

        Args:
            optimizer: What `build` has returned; it goes on as if it had not been asked.
        """
        return []


class GradientRule(Optimizer):
    """An optimizer with a base rate ``lr`` for every parameter.

    Fields are bounded by what the rule is defined for; a default of zero outside a logarithmic
    range means that the term is off. With ``decay: weights`` biases and the scales and offsets of
    norms do not decay. Offsets of normalisation layers learn at ``norm_bias_rate`` times the base
    rate, and decay as fast as without it.
    """

    lr: Annotated[float, Field(gt=0), LogRange(1e-4, 1.0)]
    weight_decay: Annotated[float, Field(ge=0), LogRange(1e-6, 1e-1)] = 0.0
    decay: Literal["all", "weights"] = "all"
    norm_bias_rate: Annotated[float, Field(gt=0), LogRange(1.0, 100.0)] = 1.0

    def groups(self, network: nn.Module, without: Collection[nn.Parameter] = ()) -> list[Group]:
        """Return groups of the trainable parameters, but for some; empty groups are left out."""
        offsets = norm_offsets(network)
        split: dict[tuple[float, float], list[nn.Parameter]] = {}
        for parameter in trainable(network):
            rate = self.norm_bias_rate if parameter in offsets else 1.0
            decays = self.decay == "all" or parameter.ndim > 1
            if parameter not in without:
                options = self.lr * rate, self.weight_decay / rate if decays else 0.0
                split.setdefault(options, []).append(parameter)
        return [
            {"params": parameters, "lr": lr, "weight_decay": decay}
            for (lr, decay), parameters in split.items()
        ]


def trainable(network: nn.Module) -> list[nn.Parameter]:
    """Return the parameters that require a gradient, in the network's order."""
    return [parameter for parameter in network.parameters() if parameter.requires_grad]


def norm_offsets(network: nn.Module) -> set[nn.Parameter]:
    """Return the offsets (``bias``) of torch's normalisation layers."""
    norms = [module for module in network.modules() if isinstance(module, _NORMS)]
    return {norm.bias for norm in norms if norm.bias is not None}

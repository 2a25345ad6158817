"""The kind `initialisation`: the weights a training begins with."""

from abc import abstractmethod
from typing import Literal

from torch import nn

from cifar_models.component import Component

_LINEAR = (nn.Conv2d, nn.Linear)


class Initialisation(Component, kind="initialisation"):
    """A rule for the weights of convolutions and linear layers; norms begin as torch has them."""

    def draw(self, module: nn.Module) -> None:
        """Draw the weights of one module anew, in place, from torch's global generator.

        Args:
            module: One with ``reset_parameters``, without those inside it.
        """
        module.reset_parameters()  # type: ignore[operator]
        if isinstance(module, _LINEAR):
            self.weigh(module)

    @abstractmethod
    def weigh(self, module: nn.Conv2d | nn.Linear) -> None:
        """Change a weight that torch has drawn; biases too, if the rule speaks of them."""


class Default(Initialisation):
    """As the layers themselves have it: uniform, with a variance of 1 / (3 fan_in).

    Source: torch.nn.Conv2d and torch.nn.Linear, reset_parameters.
    """

    name: Literal["default"] = "default"

    def weigh(self, module: nn.Conv2d | nn.Linear) -> None:
        """Leave it."""


class Kaiming(Initialisation):
    """Normal, with a variance of 2 / fan; biases are 0.

    Source: torch.nn.init.kaiming_normal_; He et al. 2015 (arXiv:1502.01852), section 2.2.
    """

    name: Literal["kaiming"] = "kaiming"
    mode: Literal["fan_in", "fan_out"] = "fan_out"

    def weigh(self, module: nn.Conv2d | nn.Linear) -> None:
        """Draw it."""
        nn.init.kaiming_normal_(module.weight, mode=self.mode, nonlinearity="relu")
        _no_bias(module)


class Xavier(Initialisation):
    """Uniform, with a variance of 2 / (fan_in + fan_out); biases are 0.

    Source: torch.nn.init.xavier_uniform_; Glorot and Bengio 2010, equation 16.
    """

    name: Literal["xavier"] = "xavier"

    def weigh(self, module: nn.Conv2d | nn.Linear) -> None:
        """Draw it."""
        nn.init.xavier_uniform_(module.weight)
        _no_bias(module)


class Dirac(Initialisation):
    """As torch's own, but the first outputs of a convolution begin as copies of its inputs.

    Source: torch.nn.init.dirac_; Zagoruyko and Komodakis 2017 (arXiv:1706.00388), section 3.
    """

    name: Literal["dirac"] = "dirac"

    def weigh(self, module: nn.Conv2d | nn.Linear) -> None:
        """Make the first outputs identities; linear layers keep what they have."""
        if isinstance(module, nn.Conv2d):
            nn.init.dirac_(module.weight.data[: module.in_channels])


def _no_bias(module: nn.Conv2d | nn.Linear) -> None:
    if module.bias is not None:
        nn.init.zeros_(module.bias)

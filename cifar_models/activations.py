"""The kind `activation`: element-wise nonlinearities between the layers of a network."""

from abc import abstractmethod
from typing import Annotated, ClassVar, Literal

from pydantic import Field
from torch import nn

from cifar_models.component import Component
from cifar_models.ranges import LogRange, Range


class Activation(Component, kind="activation"):
    """A nonlinearity; a network builds one module for every place where it stands."""

    monotone: ClassVar[bool] = False
    """Whether larger inputs never give smaller outputs: a maximum may then be taken before it."""

    @abstractmethod
    def build(self) -> nn.Module:
        """Return a module that maps a tensor of any shape to one of the same shape."""


class ReLU(Activation):
    """max(x, 0).

    Source: torch.nn.ReLU; Nair and Hinton 2010, section 2.1.
    """

    name: Literal["relu"] = "relu"
    monotone: ClassVar[bool] = True

    def build(self) -> nn.Module:
        """Return the module."""
        return nn.ReLU()


class LeakyReLU(Activation):
    """x for x > 0, else negative_slope * x.

    Source: torch.nn.LeakyReLU; Maas et al. 2013, section 2.
    """

    name: Literal["leaky_relu"] = "leaky_relu"
    monotone: ClassVar[bool] = True
    negative_slope: Annotated[float, Field(ge=0, lt=1), LogRange(1e-3, 0.3)] = 0.01

    def build(self) -> nn.Module:
        """Return the module."""
        return nn.LeakyReLU(self.negative_slope)


class PReLU(Activation):
    """x for x > 0, else a learnt slope times x: one for all channels, at first ``initial_slope``.

    Source: torch.nn.PReLU; He et al. 2015 (arXiv:1502.01852), section 2.1.
    """

    name: Literal["prelu"] = "prelu"
    initial_slope: Annotated[float, Field(ge=0, lt=1), Range(0.0, 0.5)] = 0.25

    def build(self) -> nn.Module:
        """Return the module."""
        return nn.PReLU(init=self.initial_slope)


class ELU(Activation):
    """x for x > 0, else alpha * (exp(x) - 1).

    Source: torch.nn.ELU; Clevert et al. 2016 (arXiv:1511.07289), section 3.
    """

    name: Literal["elu"] = "elu"
    monotone: ClassVar[bool] = True
    alpha: Annotated[float, Field(gt=0), Range(0.1, 2.0)] = 1.0

    def build(self) -> nn.Module:
        """Return the module."""
        return nn.ELU(self.alpha)


class CELU(Activation):
    """max(x, 0) + min(alpha * (exp(x / alpha) - 1), 0).

    Source: torch.nn.CELU; Barron 2017 (arXiv:1704.07483), equation 2.
    """

    name: Literal["celu"] = "celu"
    monotone: ClassVar[bool] = True
    alpha: Annotated[float, Field(gt=0), Range(0.1, 2.0)] = 1.0

    def build(self) -> nn.Module:
        """Return the module."""
        return nn.CELU(self.alpha)


class SELU(Activation):
    """ELU with the fixed scales that keep mean and variance of a deep network's activations.

    Source: torch.nn.SELU; Klambauer et al. 2017 (arXiv:1706.02515), section 2.
    """

    name: Literal["selu"] = "selu"
    monotone: ClassVar[bool] = True

    def build(self) -> nn.Module:
        """Return the module."""
        return nn.SELU()


class Tanh(Activation):
    """tanh(x).

    Source: torch.nn.Tanh; LeCun et al. 1998, "Efficient BackProp", section 4.4.
    """

    name: Literal["tanh"] = "tanh"
    monotone: ClassVar[bool] = True

    def build(self) -> nn.Module:
        """Return the module."""
        return nn.Tanh()


class Sigmoid(Activation):
    """1 / (1 + exp(-x)).

    Source: torch.nn.Sigmoid; Rumelhart et al. 1986, equation 2.
    """

    name: Literal["sigmoid"] = "sigmoid"
    monotone: ClassVar[bool] = True

    def build(self) -> nn.Module:
        """Return the module."""
        return nn.Sigmoid()


class GELU(Activation):
    """x times the standard normal distribution function of x.

    Source: torch.nn.GELU; Hendrycks and Gimpel 2016 (arXiv:1606.08415), section 2.
    """

    name: Literal["gelu"] = "gelu"

    def build(self) -> nn.Module:
        """Return the module."""
        return nn.GELU()


class SiLU(Activation):
    """x * sigmoid(x), also known as swish.

    Source: torch.nn.SiLU; Elfwing et al. 2017 (arXiv:1702.03118), section 2.
    """

    name: Literal["silu"] = "silu"

    def build(self) -> nn.Module:
        """Return the module."""
        return nn.SiLU()


class Mish(Activation):
    """x * tanh(softplus(x)).

    Source: torch.nn.Mish; Misra 2019 (arXiv:1908.08681), equation 1.
    """

    name: Literal["mish"] = "mish"

    def build(self) -> nn.Module:
        """Return the module."""
        return nn.Mish()

"""Building blocks that network families share."""

from collections import OrderedDict
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from cifar_models.activations import Activation
from cifar_models.norms import Norm


@dataclass(frozen=True)
class MapSize:
    """Height and width of a feature map; arithmetic on it finds impossible nets without a pass."""

    height: int
    width: int

    def after(self, layer: str, kernel: int, stride: int = 1) -> "MapSize":
        """Return the size after an unpadded window.

        Raises:
            ValueError: The window is larger than the map.
        """
        if kernel > min(self.height, self.width):
            raise ValueError(
                f"{layer} needs a map of at least {kernel}x{kernel}, but {self.height}x"
                f"{self.width} is left of the image: use larger images, smaller kernels or "
                "fewer layers"
            )
        return MapSize((self.height - kernel) // stride + 1, (self.width - kernel) // stride + 1)


class Residual(nn.Module):
    """``branch(x) + shortcut(x)``; with ``shortcut=None`` the branch alone, at the same paths."""

    def __init__(self, branch: nn.Module, shortcut: nn.Module | None) -> None:
        super().__init__()
        self.branch = branch
        self.shortcut = shortcut

    def forward(self, inputs: Tensor) -> Tensor:
        """Return the sum."""
        outputs: Tensor = self.branch(inputs)
        return outputs if self.shortcut is None else outputs + self.shortcut(inputs)


class GlobalAverage(nn.Module):
    """The mean of each map, (B, C, H, W) to (B, C, 1, 1): `nn.AdaptiveAvgPool2d(1)`, bit for bit.

    Torch's gives its gradient back contiguous whatever its input is, and the activation before it
    then walks two layouts at once, which takes a CPU several times as long.
    """

    def forward(self, inputs: Tensor) -> Tensor:
        """Return the means; their gradient comes back channels last."""
        return inputs.permute(0, 2, 3, 1).mean((1, 2), keepdim=True).permute(0, 3, 1, 2)


class DiracConv2d(nn.Conv2d):
    """A convolution whose first outputs begin as copies of its inputs.

    Source: torch.nn.init.dirac_; Zagoruyko and Komodakis 2017 (arXiv:1706.00388), section 3, for
    the idea; Jordan 2024 (arXiv:2404.00498), section 3.3, for drawing the other outputs.
    """

    def reset_parameters(self) -> None:
        """Draw all weights as torch does, then make the first outputs identities."""
        super().reset_parameters()
        with torch.no_grad():
            nn.init.dirac_(self.weight[: self.in_channels])


class Scaled(nn.Module):
    """Its input times a constant."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, inputs: Tensor) -> Tensor:
        """Return the product."""
        return inputs * self.factor

    def extra_repr(self) -> str:
        """Show the constant where torch prints the module."""
        return f"{self.factor:g}"


def sequence(**modules: nn.Module) -> nn.Sequential:
    """Return modules in a row, by name: initial weights are drawn by the path of a module."""
    return nn.Sequential(OrderedDict(modules))


def act_and_max_pool(activation: Activation, pool: nn.Module) -> dict[str, nn.Module]:
    """Return ``act`` and ``pool`` in the cheaper of the two orders that give the same numbers."""
    act = activation.build()
    return {"pool": pool, "act": act} if activation.monotone else {"act": act, "pool": pool}


def conv_norm_act(
    inputs: int, outputs: int, norm: Norm, activation: Activation, kernel: int = 3, stride: int = 1
) -> nn.Sequential:
    """Return a convolution that keeps the map's size (at stride 1), its norm and activation."""
    return sequence(
        conv=same_conv(inputs, outputs, norm, kernel, stride),
        norm=norm.build(outputs),
        act=activation.build(),
    )


def same_conv(
    inputs: int, outputs: int, norm: Norm, kernel: int = 3, stride: int = 1, *, biased: bool = False
) -> nn.Module:
    """Return a convolution padded with zeros to ``ceil(size / stride)``.

    It has a bias where its norm has none, or where it is asked for.

    An even kernel is padded with one more zero behind than before, as padding="same" does (which
    warns, and refuses strides).
    """
    before, behind = (kernel - 1) // 2, kernel // 2
    bias = biased or not norm.shifts
    if before == behind:
        return nn.Conv2d(inputs, outputs, kernel, stride, before, bias=bias)
    return nn.Sequential(
        nn.ZeroPad2d((before, behind, before, behind)),
        nn.Conv2d(inputs, outputs, kernel, stride, bias=bias),
    )

"""The kind `norm`: what stands between a convolution and its activation."""

from abc import abstractmethod
from math import gcd
from typing import Annotated, Any, ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from cifar_models.component import Component
from cifar_models.ranges import IntRange, LogRange


class Norm(Component, kind="norm"):
    """What stands between a convolution and its activation."""

    shifts: ClassVar[bool]
    """Whether it adds a learnt offset to each channel: a bias before it would be redundant."""

    @abstractmethod
    def build(self, channels: int) -> nn.Module:
        """Return a module that maps (B, channels, H, W) to the same shape."""


class BatchNorm(Norm):
    """Standardises each channel over the batch, then scales and shifts it.

    Without ``scale`` the scale stays 1. ``momentum`` is the weight of a new batch in the running
    statistics.

    Source: torch.nn.BatchNorm2d; Ioffe and Szegedy 2015 (arXiv:1502.03167), algorithm 1.
    """

    name: Literal["batch"] = "batch"
    shifts: ClassVar[bool] = True
    momentum: Annotated[float, Field(gt=0, le=1), LogRange(0.01, 1.0)] = 0.1
    eps: Annotated[float, Field(gt=0), LogRange(1e-12, 1e-3)] = 1e-5
    scale: bool = True

    def build(self, channels: int) -> nn.Module:
        """Return the module."""
        norm = nn.BatchNorm2d(channels, eps=self.eps, momentum=self.momentum)
        norm.weight.requires_grad_(self.scale)
        return norm


class GhostBatchNorm(Norm):
    """Batch normalisation over parts of the batch, each of ``size`` images, one after another.

    The last part has what is left. When evaluating, all use the same running statistics, to which
    each part has contributed.

    Source: Hoffer et al. 2017 (arXiv:1705.08741), algorithm 1.
    """

    name: Literal["ghost_batch"] = "ghost_batch"
    shifts: ClassVar[bool] = True
    size: Annotated[int, Field(gt=1), IntRange(8, 128, log=True)] = 32
    momentum: Annotated[float, Field(gt=0, le=1), LogRange(0.01, 1.0)] = 0.1
    eps: Annotated[float, Field(gt=0), LogRange(1e-12, 1e-3)] = 1e-5

    def build(self, channels: int) -> nn.Module:
        """Return the module."""
        return _GhostBatchNorm2d(self.size, channels, eps=self.eps, momentum=self.momentum)


class _GhostBatchNorm2d(nn.BatchNorm2d):
    def __init__(self, size: int, channels: int, **options: Any) -> None:
        super().__init__(channels, **options)
        self.size = size

    def forward(self, inputs: Tensor) -> Tensor:
        if not self.training:
            return super().forward(inputs)
        parts = torch.split(inputs, self.size)
        return torch.cat([super(_GhostBatchNorm2d, self).forward(part) for part in parts])

    def extra_repr(self) -> str:
        return f"{self.num_features}, size={self.size}"


class GroupNorm(Norm):
    """Standardises groups of channels in each image alone, then scales and shifts each channel.

    There are ``groups`` of them, or fewer where that number does not divide the channels: then the
    largest common divisor.

    Source: torch.nn.GroupNorm; Wu and He 2018 (arXiv:1803.08494), equation 7.
    """

    name: Literal["group"] = "group"
    shifts: ClassVar[bool] = True
    groups: Annotated[int, Field(gt=0), IntRange(1, 64, log=True)] = 32
    eps: Annotated[float, Field(gt=0), LogRange(1e-12, 1e-3)] = 1e-5

    def build(self, channels: int) -> nn.Module:
        """Return the module."""
        return nn.GroupNorm(gcd(self.groups, channels), channels, eps=self.eps)


class NoNorm(Norm):
    """Nothing; the convolution before it has a bias instead.

    Source: torch.nn.Identity.
    """

    name: Literal["none"] = "none"
    shifts: ClassVar[bool] = False

    def build(self, channels: int) -> nn.Module:
        """Return the module."""
        return nn.Identity()

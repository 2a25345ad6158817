"""Densely connected networks for small images."""

from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from cifar_models.activations import Activation, ReLU
from cifar_models.architectures.architecture import Architecture, ImageShape
from cifar_models.layers import GlobalAverage, MapSize, conv_norm_act, same_conv, sequence
from cifar_models.norms import BatchNorm, Norm
from cifar_models.ranges import IntRange, Range

_BOTTLENECK = 4
"""Channels of a 1x1 convolution before a 3x3 one, in growths."""


class Concatenated(nn.Module):
    """The input, and behind it what a branch makes of it."""

    def __init__(self, branch: nn.Module) -> None:
        super().__init__()
        self.branch = branch

    def forward(self, inputs: Tensor) -> Tensor:
        """Return both along the channels."""
        return torch.cat((inputs, self.branch(inputs)), dim=1)


class DenseNet(Architecture):
    """Blocks whose layers each see all maps before them and add ``growth`` maps of their own.

    A layer is norm, activation, 1x1 convolution to 4 growths, norm, activation, 3x3 convolution.
    Between two blocks norm, activation and a 1x1 convolution keep ``compression`` of the maps, and
    2x2 average pooling halves them. The defaults are a light network of 59 convolutions (62 with
    those between the blocks).

    Source: Huang et al. 2017 (arXiv:1608.06993), section 3 (DenseNet-BC), for small images: a 3x3
    stem of ``stem`` channels with norm and activation, no pooling behind it.
    """

    name: Literal["densenet"] = "densenet"
    growth: Annotated[int, Field(gt=0), IntRange(8, 48)] = 16
    blocks: Annotated[tuple[Annotated[int, Field(gt=0)], ...], Field(min_length=1)] = (3, 6, 12, 8)
    stem: Annotated[int, Field(gt=0), IntRange(16, 128)] = 64
    compression: Annotated[float, Field(gt=0, le=1), Range(0.25, 1.0)] = 0.5
    norm: Norm = BatchNorm()
    activation: Activation = ReLU()

    def build(self, shape: ImageShape) -> nn.Module:
        """Return the network; images must be halved once less often than there are blocks."""
        size, channels = MapSize(shape.height, shape.width), self.stem
        layers: dict[str, nn.Module] = {
            "stem": conv_norm_act(shape.channels, channels, self.norm, self.activation)
        }
        for number, depth in enumerate(self.blocks, start=1):
            if number > 1:
                size = size.after(f"transition{number - 1}", 2, stride=2)
                kept = int(channels * self.compression)
                layers[f"transition{number - 1}"] = self._transition(channels, kept)
                channels = kept
            layers[f"block{number}"] = sequence(
                **{f"layer{i + 1}": self._layer(channels + i * self.growth) for i in range(depth)}
            )
            channels += depth * self.growth
        return sequence(
            **layers,
            norm=self.norm.build(channels),
            act=self.activation.build(),
            pool=GlobalAverage(),
            flatten=nn.Flatten(),
            head=nn.Linear(channels, shape.num_classes),
        )

    def _layer(self, inputs: int) -> nn.Module:
        between = _BOTTLENECK * self.growth
        return Concatenated(
            sequence(
                norm1=self.norm.build(inputs),
                act1=self.activation.build(),
                conv1=same_conv(inputs, between, self.norm, kernel=1),
                norm2=self.norm.build(between),
                act2=self.activation.build(),
                conv2=same_conv(between, self.growth, self.norm),
            )
        )

    def _transition(self, inputs: int, outputs: int) -> nn.Module:
        return sequence(
            norm=self.norm.build(inputs),
            act=self.activation.build(),
            conv=same_conv(inputs, outputs, self.norm, kernel=1),
            pool=nn.AvgPool2d(2),
        )

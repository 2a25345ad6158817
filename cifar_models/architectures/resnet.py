"""Deep residual networks for small images."""

from typing import Annotated, Literal

from pydantic import Field
from torch import nn

from cifar_models.activations import Activation, ReLU
from cifar_models.architectures.architecture import Architecture, ImageShape
from cifar_models.layers import BatchNorm, Norm, Residual, conv_norm_act, same_conv, sequence
from cifar_models.ranges import IntRange

BLOCKS_PER_STAGE = 2


class ResNet18(Architecture):
    """A 3x3 stem and four stages of two basic blocks, of 1, 2, 4 and 8 times ``width`` channels.

    Each stage but the first halves the map by the stride of its first convolution; the activation
    follows the addition. Without ``shortcut`` the same convolutions stand in a plain row.

    Source: He et al. 2016 (arXiv:1512.03385), table 1 and figure 5 (left), with the 3x3 stem and
    without the first pooling, as usual for 32x32 images; projection shortcuts (option B).
    """

    name: Literal["resnet18"] = "resnet18"
    width: Annotated[int, Field(gt=0), IntRange(8, 128, log=True)] = 64
    shortcut: bool = True
    norm: Norm = BatchNorm()
    activation: Activation = ReLU()

    def build(self, shape: ImageShape) -> nn.Module:
        """Return the network; images may have any size."""
        stages: dict[str, nn.Module] = {}
        inputs = self.width
        for stage, factor in enumerate((1, 2, 4, 8), start=1):
            for block in range(1, BLOCKS_PER_STAGE + 1):
                stride = 2 if stage > 1 and block == 1 else 1
                outputs = factor * self.width
                stages[f"stage{stage}_block{block}"] = self._block(inputs, outputs, stride)
                inputs = outputs
        return sequence(
            stem=conv_norm_act(shape.channels, self.width, self.norm, self.activation),
            **stages,
            pool=nn.AdaptiveAvgPool2d(1),
            flatten=nn.Flatten(),
            head=nn.Linear(inputs, shape.num_classes),
        )

    def _block(self, inputs: int, outputs: int, stride: int) -> nn.Module:
        branch = sequence(
            conv1=same_conv(inputs, outputs, self.norm, stride=stride),
            norm1=self.norm.build(outputs),
            act1=self.activation.build(),
            conv2=same_conv(outputs, outputs, self.norm),
            norm2=self.norm.build(outputs),
        )
        shortcut = self._shortcut(inputs, outputs, stride) if self.shortcut else None
        return sequence(residual=Residual(branch, shortcut), act=self.activation.build())

    def _shortcut(self, inputs: int, outputs: int, stride: int) -> nn.Module:
        if inputs == outputs and stride == 1:
            return nn.Identity()
        return sequence(
            conv=same_conv(inputs, outputs, self.norm, kernel=1, stride=stride),
            norm=self.norm.build(outputs),
        )

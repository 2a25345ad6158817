"""ResNet-9, the small residual network of fast CIFAR training."""

from typing import Literal

from torch import nn

from cifar_models.activations import Activation, ReLU
from cifar_models.architectures.architecture import Architecture, ImageShape
from cifar_models.layers import (
    BatchNorm,
    MapSize,
    Norm,
    Residual,
    act_and_max_pool,
    conv_norm_act,
    same_conv,
    sequence,
)


class ResNet9(Architecture):
    """Convolutions of 64, 128, 256 and 512 channels, a residual pair after the 2nd and the 4th.

    The last three of the four end in 2x2 max pooling; a global maximum and one linear layer follow.

    Source: Page 2018, "How to train your ResNet", part 4 (DAWNBench), in the form of its many
    re-implementations: the residual pair at 128 and 512 channels, logits unscaled.
    """

    name: Literal["resnet9"] = "resnet9"
    norm: Norm = BatchNorm()
    activation: Activation = ReLU()

    def build(self, shape: ImageShape) -> nn.Module:
        """Return the network; images are at least 8x8."""
        size = MapSize(shape.height, shape.width)
        for layer in ("pool2", "pool3", "pool4"):
            size = size.after(layer, 2, stride=2)
        return sequence(
            layer1=self._conv(shape.channels, 64),
            layer2=self._pooled(64, 128),
            residual2=self._pair(128),
            layer3=self._pooled(128, 256),
            layer4=self._pooled(256, 512),
            residual4=self._pair(512),
            pool=nn.MaxPool2d((size.height, size.width)),
            flatten=nn.Flatten(),
            head=nn.Linear(512, shape.num_classes),
        )

    def _conv(self, inputs: int, outputs: int) -> nn.Sequential:
        return conv_norm_act(inputs, outputs, self.norm, self.activation)

    def _pooled(self, inputs: int, outputs: int) -> nn.Module:
        return sequence(
            conv=same_conv(inputs, outputs, self.norm),
            norm=self.norm.build(outputs),
            **act_and_max_pool(self.activation, nn.MaxPool2d(2)),
        )

    def _pair(self, channels: int) -> nn.Module:
        pair = sequence(conv1=self._conv(channels, channels), conv2=self._conv(channels, channels))
        return Residual(pair, shortcut=nn.Identity())

"""ResNet-9, the small residual network of fast CIFAR training, and its deeper sister."""

from typing import ClassVar, Literal

from torch import nn

from cifar_models.activations import Activation, ReLU
from cifar_models.architectures.architecture import Architecture, ImageShape
from cifar_models.layers import (
    MapSize,
    Residual,
    act_and_max_pool,
    conv_norm_act,
    same_conv,
    sequence,
)
from cifar_models.norms import BatchNorm, Norm


class PooledResNet(Architecture):
    """Convolutions of 64, 128, 256 and 512 channels, with residual pairs behind some of them.

    The last three of the four end in 2x2 max pooling; a global maximum and one linear layer follow.
    With ``order: conv_pool_norm_act`` the pooling stands right behind the convolution, which is
    faster, and the same where the norm's scale is positive but for the norm's statistics.
    """

    pairs: ClassVar[tuple[int, ...]]
    """Behind which convolutions, from 1."""

    order: Literal["conv_norm_act_pool", "conv_pool_norm_act"] = "conv_norm_act_pool"
    norm: Norm = BatchNorm()
    activation: Activation = ReLU()

    def build(self, shape: ImageShape) -> nn.Module:
        """Return the network; images are at least 8x8."""
        size, inputs = MapSize(shape.height, shape.width), shape.channels
        layers: dict[str, nn.Module] = {}
        for number, outputs in enumerate((64, 128, 256, 512), start=1):
            if number > 1:
                size = size.after(f"pool{number}", 2, stride=2)
            conv = self._pooled if number > 1 else self._conv
            layers[f"layer{number}"] = conv(inputs, outputs)
            if number in self.pairs:
                layers[f"residual{number}"] = self._pair(outputs)
            inputs = outputs
        return sequence(
            **layers,
            pool=nn.MaxPool2d((size.height, size.width)),
            flatten=nn.Flatten(),
            head=nn.Linear(inputs, shape.num_classes),
        )

    def _conv(self, inputs: int, outputs: int) -> nn.Module:
        return conv_norm_act(inputs, outputs, self.norm, self.activation)

    def _pooled(self, inputs: int, outputs: int) -> nn.Module:
        conv, norm = same_conv(inputs, outputs, self.norm), self.norm.build(outputs)
        if self.order == "conv_pool_norm_act":
            act = self.activation.build()
            return sequence(conv=conv, pool=nn.MaxPool2d(2), norm=norm, act=act)
        return sequence(conv=conv, norm=norm, **act_and_max_pool(self.activation, nn.MaxPool2d(2)))

    def _pair(self, channels: int) -> nn.Module:
        pair = sequence(conv1=self._conv(channels, channels), conv2=self._conv(channels, channels))
        return Residual(pair, shortcut=nn.Identity())


class ResNet9(PooledResNet):
    """A residual pair behind the 2nd and the 4th convolution: 8 convolutions, one linear layer.

    Source: Page 2018, "How to train your ResNet", part 4 (DAWNBench), in the form of its many
    re-implementations: the residual pair at 128 and 512 channels, logits unscaled.
    """

    name: Literal["resnet9"] = "resnet9"
    pairs: ClassVar[tuple[int, ...]] = (2, 4)


class ResNet12Pairs(PooledResNet):
    """A residual pair behind each of the four: 12 convolutions, called ResNet12 where published.

    Source: as ResNet9, with pairs at all widths.
    """

    name: Literal["resnet12_pairs"] = "resnet12_pairs"
    pairs: ClassVar[tuple[int, ...]] = (1, 2, 3, 4)

"""LeNet-5 as it is used on CIFAR today."""

from typing import Literal

from torch import nn

from cifar_models.activations import Activation, ReLU
from cifar_models.architectures.architecture import Architecture, ImageShape
from cifar_models.layers import MapSize, act_and_max_pool, sequence


class LeNet5(Architecture):
    """Two 5x5 convolutions with 2x2 max pooling, then layers of 120, 84 and the classes.

    Against the paper: max pooling without weights, every map of the second convolution sees every
    map of the first, and a linear output layer.

    Source: LeCun et al. 1998, "Gradient-based learning applied to document recognition", section
    II.B.
    """

    name: Literal["lenet5"] = "lenet5"
    activation: Activation = ReLU()

    def build(self, shape: ImageShape) -> nn.Module:
        """Return the network; images are at least 16x16."""
        size = MapSize(shape.height, shape.width).after("conv1", 5).after("pool1", 2, stride=2)
        size = size.after("conv2", 5).after("pool2", 2, stride=2)
        act = self.activation.build
        return sequence(
            layer1=self._layer(shape.channels, 6),
            layer2=self._layer(6, 16),
            flatten=nn.Flatten(),
            fc1=nn.Linear(16 * size.height * size.width, 120),
            act3=act(),
            fc2=nn.Linear(120, 84),
            act4=act(),
            head=nn.Linear(84, shape.num_classes),
        )

    def _layer(self, inputs: int, outputs: int) -> nn.Module:
        conv = nn.Conv2d(inputs, outputs, 5)
        return sequence(conv=conv, **act_and_max_pool(self.activation, nn.MaxPool2d(2)))

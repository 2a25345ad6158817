"""The network of the fastest CIFAR-10 trainings."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field
from torch import Tensor, nn

from cifar_models.activations import GELU, Activation
from cifar_models.architectures.architecture import Architecture, ImageShape
from cifar_models.layers import DiracConv2d, MapSize, Scaled, sequence
from cifar_models.norms import BatchNorm, Norm
from cifar_models.ranges import LogRange
from cifar_models.whitening import whiten

Size = Annotated[int, Field(gt=0)]
_KERNEL = 2  # of the first layer


class Airbench(Architecture):
    """A 2x2 first layer and three groups of two 3x3 convolutions, then a linear layer.

    Each group halves the map by max pooling behind its first convolution, before the norm; a global
    maximum follows the last. With ``whitening`` the first layer's filters are fitted to the
    training images and stay; its bias learns. With ``dirac`` every 3x3 convolution begins as the
    identity in as many outputs as it has inputs. Logits are multiplied by ``output_scale``.

    Source: Jordan 2024 (arXiv:2404.00498), section 3.1 to 3.3 and its published network.
    """

    name: Literal["airbench"] = "airbench"
    widths: tuple[Size, Size, Size] = (64, 256, 256)
    whitening: bool = True
    dirac: bool = True
    norm: Norm = BatchNorm(momentum=0.4, eps=1e-12, scale=False)
    activation: Activation = GELU()
    output_scale: Annotated[float, Field(gt=0), LogRange(0.01, 1.0)] = 1 / 9

    preparation: ClassVar[int] = 5000

    def build(self, shape: ImageShape) -> nn.Module:
        """Return the network; images are at least 9x9."""
        size = MapSize(shape.height, shape.width).after("first", _KERNEL)
        inputs = 2 * shape.channels * _KERNEL**2  # each whitening filter and its negative
        first = nn.Conv2d(shape.channels, inputs, _KERNEL)
        first.weight.requires_grad_(not self.whitening)
        groups: dict[str, nn.Module] = {}
        for number, outputs in enumerate(self.widths, start=1):
            size = size.after(f"group{number}", 2, stride=2)
            groups[f"group{number}"] = self._group(inputs, outputs)
            inputs = outputs
        return sequence(
            first=first,
            act=self.activation.build(),
            **groups,
            pool=nn.MaxPool2d((size.height, size.width)),
            flatten=nn.Flatten(),
            head=nn.Linear(inputs, shape.num_classes, bias=False),
            scale=Scaled(self.output_scale),
        )

    def prepare(self, network: nn.Module, images: Tensor) -> None:
        """Whiten the first layer."""
        if self.whitening:
            first = network.get_submodule("first")
            assert isinstance(first, nn.Conv2d)
            whiten(first, images)

    def _group(self, inputs: int, outputs: int) -> nn.Module:
        return sequence(
            conv1=self._conv(inputs, outputs),
            pool=nn.MaxPool2d(2),
            norm1=self.norm.build(outputs),
            act1=self.activation.build(),
            conv2=self._conv(outputs, outputs),
            norm2=self.norm.build(outputs),
            act2=self.activation.build(),
        )

    def _conv(self, inputs: int, outputs: int) -> nn.Module:
        kind = DiracConv2d if self.dirac else nn.Conv2d
        return kind(inputs, outputs, 3, padding=1, bias=not self.norm.shifts)

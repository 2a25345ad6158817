"""Plain convolutional networks of any depth: the toy nets in which one factor is studied."""

from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator
from torch import nn

from cifar_models.activations import Activation, ReLU
from cifar_models.architectures.architecture import Architecture, ImageShape
from cifar_models.layers import GlobalAverage, MapSize, act_and_max_pool, same_conv, sequence
from cifar_models.norms import BatchNorm, Norm
from cifar_models.ranges import IntRange, Range

Size = Annotated[int, Field(gt=0)]


class PlainCNN(Architecture):
    """One convolution, norm and activation for each entry of ``channels``.

    2x2 max pooling follows each of them, or every so many (``pool_every``), and stops when the map
    is 1 pixel high or wide. A global average, dropout and one linear layer follow. ``kernel_size``
    is one number, or one for each layer. With ``padding: same`` a convolution keeps the size of the
    map, with ``valid`` it shrinks it by ``kernel_size - 1``.

    Source: Simonyan and Zisserman 2015 (arXiv:1409.1556), section 2.1, for the pattern; Lin et al.
    2014 (arXiv:1312.4400), section 3.2, for the head.
    """

    name: Literal["plain_cnn"] = "plain_cnn"
    channels: Annotated[tuple[Size, ...], Field(min_length=1)] = (32, 64, 128)
    kernel_size: Annotated[Size | tuple[Size, ...], IntRange(1, 7)] = 3
    padding: Literal["same", "valid"] = "same"
    pool_every: Annotated[int, Field(gt=0), IntRange(1, 10)] = 1
    norm: Norm = BatchNorm()
    activation: Activation = ReLU()
    dropout: Annotated[float, Field(ge=0, lt=1), Range(0.0, 0.5)] = 0.0

    @field_validator("kernel_size")
    @classmethod
    def _one_kernel_a_layer(
        cls, sizes: int | tuple[int, ...], info: ValidationInfo
    ) -> int | tuple[int, ...]:
        """Refuse another number of sizes than layers; equal sizes are one, as in the signature."""
        channels = info.data.get("channels")
        if isinstance(sizes, int) or channels is None:
            return sizes
        if len(sizes) != len(channels):
            raise ValueError(
                f"kernel_size has {len(sizes)} entries for {len(channels)} channels: "
                "give one number, or one for each layer"
            )
        return sizes[0] if len(set(sizes)) == 1 else sizes

    @property
    def kernels(self) -> tuple[int, ...]:
        """Kernel size of each layer."""
        size = self.kernel_size
        return (size,) * len(self.channels) if isinstance(size, int) else size

    def build(self, shape: ImageShape) -> nn.Module:
        """Return the network."""
        size = MapSize(shape.height, shape.width)
        layers: dict[str, nn.Module] = {}
        inputs = shape.channels
        for number, (outputs, kernel) in enumerate(
            zip(self.channels, self.kernels, strict=True), start=1
        ):
            size = size.after(f"conv{number}", kernel if self.padding == "valid" else 1)
            pools = number % self.pool_every == 0 and min(size.height, size.width) >= 2
            size = size.after(f"pool{number}", 2, stride=2) if pools else size
            layers[f"layer{number}"] = self._layer(inputs, outputs, kernel, pools)
            inputs = outputs
        return sequence(
            **layers,
            pool=GlobalAverage(),
            flatten=nn.Flatten(),
            dropout=nn.Dropout(self.dropout),
            head=nn.Linear(inputs, shape.num_classes),
        )

    def _layer(self, inputs: int, outputs: int, kernel: int, pools: bool) -> nn.Module:
        conv = (
            same_conv(inputs, outputs, self.norm, kernel)
            if self.padding == "same"
            else nn.Conv2d(inputs, outputs, kernel, bias=not self.norm.shifts)
        )
        return sequence(
            conv=conv,
            norm=self.norm.build(outputs),
            **act_and_max_pool(self.activation, nn.MaxPool2d(2) if pools else nn.Identity()),
        )

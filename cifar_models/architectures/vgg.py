"""VGG networks: rows of 3x3 convolutions without shortcuts."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field
from torch import nn

from cifar_models.activations import Activation, LeakyReLU, ReLU
from cifar_models.architectures.architecture import Architecture, ImageShape
from cifar_models.layers import GlobalAverage, MapSize, act_and_max_pool, same_conv, sequence
from cifar_models.norms import BatchNorm, NoNorm, Norm
from cifar_models.ranges import IntRange

_STAGES = ((64,), (128,), (256, 256), (512, 512), (512, 512))
_HIDDEN = 512


class VGGA(Architecture):
    """Eight convolutions in five stages that end in 2x2 max pooling, and three linear layers.

    Convolutions have a bias, with a norm too.

    Source: Simonyan and Zisserman 2015 (arXiv:1409.1556), table 1, column A, with linear layers of
    512 instead of 4096 for images of 32x32; the norm as in Santurkar et al. 2018
    (arXiv:1805.11604).
    """

    name: Literal["vgg_a"] = "vgg_a"
    norm: Norm = NoNorm()
    activation: Activation = ReLU()

    def build(self, shape: ImageShape) -> nn.Module:
        """Return the network; a pooling is left out where the map is 1 pixel high or wide."""
        size, inputs = MapSize(shape.height, shape.width), shape.channels
        layers: dict[str, nn.Module] = {}
        for stage, widths in enumerate(_STAGES, start=1):
            pools = min(size.height, size.width) >= 2
            size = size.after(f"pool{stage}", 2, stride=2) if pools else size
            for number, outputs in enumerate(widths, start=1):
                last = pools and number == len(widths)
                pool = nn.MaxPool2d(2) if last else nn.Identity()
                layers[f"stage{stage}_conv{number}"] = sequence(
                    conv=same_conv(inputs, outputs, self.norm, biased=True),
                    norm=self.norm.build(outputs),
                    **act_and_max_pool(self.activation, pool),
                )
                inputs = outputs
        return sequence(
            **layers,
            flatten=nn.Flatten(),
            linear1=nn.Linear(inputs * size.height * size.width, _HIDDEN),
            act1=self.activation.build(),
            linear2=nn.Linear(_HIDDEN, _HIDDEN),
            act2=self.activation.build(),
            head=nn.Linear(_HIDDEN, shape.num_classes),
        )


class NarrowVGG(Architecture):
    """An entry convolution, and three stages of equally wide convolution pairs.

    A stage is ``pairs`` pairs, and a last one with 2x2 average pooling between its convolutions,
    which have a bias, with a norm too. Every convolution is followed by norm and activation; the
    entry's norm is ``entry_norm``, whatever the others are.
    """

    pairs: ClassVar[int]

    width: Annotated[int, Field(gt=0), IntRange(8, 128, log=True)] = 32
    norm: Norm = BatchNorm()
    entry_norm: Norm = BatchNorm()
    activation: Activation = LeakyReLU()

    def build(self, shape: ImageShape) -> nn.Module:
        """Return the network; images are at least 8x8."""
        size = MapSize(shape.height, shape.width)
        entry = nn.Conv2d(shape.channels, self.width, 3, padding=1, bias=False)
        layers: dict[str, nn.Module] = {
            "entry": sequence(
                conv=entry, norm=self.entry_norm.build(self.width), act=self.activation.build()
            )
        }
        for stage in range(1, 4):
            size = size.after(f"stage{stage}_pool", 2, stride=2)
            for number in range(1, self.pairs + 1):
                layers[f"stage{stage}_pair{number}"] = self._pair(pools=False)
            layers[f"stage{stage}_reduction"] = self._pair(pools=True)
        return sequence(
            **layers,
            pool=GlobalAverage(),
            flatten=nn.Flatten(),
            head=nn.Linear(self.width, shape.num_classes),
        )

    def _pair(self, *, pools: bool) -> nn.Module:
        layers: dict[str, nn.Module] = {}
        for number in (1, 2):
            layers[f"conv{number}"] = nn.Conv2d(self.width, self.width, 3, padding=1, bias=pools)
            layers[f"norm{number}"] = self.norm.build(self.width)
            layers[f"act{number}"] = self.activation.build()
            if pools and number == 1:
                layers["pool"] = nn.AvgPool2d(2)
        return sequence(**layers)


class VGG38(NarrowVGG):
    """Five pairs a stage before the pooling one: 37 convolutions and one linear layer.

    Source: a teaching network for vanishing gradients; Simonyan and Zisserman 2015
    (arXiv:1409.1556), section 2.1, for the pattern.
    """

    name: Literal["vgg_38"] = "vgg_38"
    pairs: ClassVar[int] = 5


class VGG08(NarrowVGG):
    """The pooling pairs alone: 7 convolutions and one linear layer.

    Source: as VGG38.
    """

    name: Literal["vgg_08"] = "vgg_08"
    pairs: ClassVar[int] = 0

"""Deep residual networks for small images, built of basic blocks."""

from typing import Annotated, ClassVar, Literal, NamedTuple

from pydantic import Field
from torch import nn

from cifar_models.activations import Activation, ReLU
from cifar_models.architectures.architecture import Architecture, ImageShape
from cifar_models.layers import (
    GlobalAverage,
    MapSize,
    Residual,
    conv_norm_act,
    same_conv,
    sequence,
)
from cifar_models.norms import BatchNorm, Norm
from cifar_models.ranges import IntRange

Order = Literal[
    "original",
    "norm_after_addition",
    "act_before_addition",
    "act_only_preactivation",
    "full_preactivation",
]


class _Order(NamedTuple):
    """Where convolution, norm and activation stand, by their first letters."""

    branch: str
    after: str
    """What follows the addition."""
    biased: bool = False
    """Whether a projection has a bias before its norm."""


_ORDERS: dict[Order, _Order] = {
    "original": _Order("cnacn", "a"),
    "norm_after_addition": _Order("cnac", "na"),
    "act_before_addition": _Order("cnacna", ""),
    "act_only_preactivation": _Order("acnacn", ""),
    "full_preactivation": _Order("nacnac", "", biased=True),
}


class BasicResNet(Architecture):
    """A 3x3 stem and stages of basic blocks; each stage has twice the channels of the one before.

    Each stage but the first halves the map in its first block: by the stride of its first
    convolution, or by 2x2 max pooling behind it (``downsampling: max_pool``); its shortcut does the
    same behind a 1x1 convolution. Without ``shortcut`` the same convolutions stand in a plain row.
    ``order`` says where norm and activation stand in a block. No norm follows the last block.
    """

    blocks: ClassVar[tuple[int, ...]]
    """Of each stage."""

    width: Annotated[int, Field(gt=0), IntRange(8, 128, log=True)] = 64
    shortcut: bool = True
    order: Order = "original"
    downsampling: Literal["stride", "max_pool"] = "stride"
    norm: Norm = BatchNorm()
    activation: Activation = ReLU()

    def build(self, shape: ImageShape) -> nn.Module:
        """Return the network; images may have any size, but for max pooling at least 8x8."""
        layers: dict[str, nn.Module] = {
            "stem": conv_norm_act(shape.channels, self.width, self.norm, self.activation)
        }
        size, inputs = MapSize(shape.height, shape.width), self.width
        for stage, blocks in enumerate(self.blocks, start=1):
            if stage > 1:
                window = 2 if self.downsampling == "max_pool" else 1
                size = size.after(f"stage{stage}", window, stride=2)
            outputs = self.width * 2 ** (stage - 1)
            for block in range(1, blocks + 1):
                halves = stage > 1 and block == 1
                layers[f"stage{stage}_block{block}"] = self._block(inputs, outputs, halves)
                inputs = outputs
        tail, outputs = self._tail(inputs, size)
        return sequence(
            **layers,
            **tail,
            pool=GlobalAverage(),
            flatten=nn.Flatten(),
            head=nn.Linear(outputs, shape.num_classes),
        )

    def _tail(self, inputs: int, size: MapSize) -> tuple[dict[str, nn.Module], int]:
        """Return what stands between the last stage and the pooling, and its channels."""
        del size
        return {}, inputs

    def _block(self, inputs: int, outputs: int, halves: bool) -> nn.Module:
        order = _ORDERS[self.order]
        shortcut = self._shortcut(inputs, outputs, halves) if self.shortcut else None
        residual = Residual(self._branch(order.branch, inputs, outputs, halves), shortcut)
        after = {"norm": self.norm.build(outputs), "act": self.activation.build()}
        return sequence(
            residual=residual,
            **{name: layer for name, layer in after.items() if name[0] in order.after},
        )

    def _branch(self, order: str, inputs: int, outputs: int, halves: bool) -> nn.Module:
        layers: dict[str, nn.Module] = {}
        channels = inputs
        for place, kind in enumerate(order):
            number = order[: place + 1].count(kind)
            if kind == "a":
                layers[f"act{number}"] = self.activation.build()
            elif kind == "n":
                layers[f"norm{number}"] = self.norm.build(channels)
            else:
                layers |= self._conv(f"{number}", channels, outputs, halves and number == 1)
                channels = outputs
        return sequence(**layers)

    def _shortcut(self, inputs: int, outputs: int, halves: bool) -> nn.Module:
        if inputs == outputs and not halves:
            return nn.Identity()
        biased = _ORDERS[self.order].biased
        return sequence(
            **self._conv("", inputs, outputs, halves, kernel=1, biased=biased),
            norm=self.norm.build(outputs),
        )

    def _conv(
        self, number: str, inputs: int, outputs: int, halves: bool,
        kernel: int = 3, biased: bool = False,
    ) -> dict[str, nn.Module]:  # fmt: skip
        pools = halves and self.downsampling == "max_pool"
        stride = 2 if halves and not pools else 1
        conv = same_conv(inputs, outputs, self.norm, kernel, stride, biased=biased)
        return {f"conv{number}": conv} | ({f"pool{number}": nn.MaxPool2d(2)} if pools else {})


class ResNet18(BasicResNet):
    """Four stages of two basic blocks: 17 convolutions and one linear layer, shortcuts not counted.

    Source: He et al. 2016 (arXiv:1512.03385), table 1 and figure 5 (left), with the 3x3 stem and
    without the first pooling, as usual for 32x32 images; projection shortcuts (option B). Orders
    within a block: He et al. 2016 (arXiv:1603.05027), figure 4.
    """

    name: Literal["resnet18"] = "resnet18"
    blocks: ClassVar[tuple[int, ...]] = (2, 2, 2, 2)


class ResNet15(BasicResNet):
    """ResNet-18 with one block instead of two in its first stage: 15 convolutions.

    Source: as ResNet18; the count of blocks is the likely one of a published 15-layer network.
    """

    name: Literal["resnet15"] = "resnet15"
    blocks: ClassVar[tuple[int, ...]] = (1, 2, 2, 2)


class ResNet12Cut(BasicResNet):
    """ResNet-18 without its last stage: 13 convolutions, called ResNet12 where it was published.

    Source: as ResNet18.
    """

    name: Literal["resnet12_cut"] = "resnet12_cut"
    blocks: ClassVar[tuple[int, ...]] = (2, 2, 2)


class NewResNet(BasicResNet):
    """ResNet-18 whose last stage is a max pooling and two plain 2x2 convolutions.

    They have eight times ``width`` channels and no padding: a 4x4 map becomes 3x3, then 2x2.

    Source: as ResNet18, with the tail of a published light-weight variant.
    """

    name: Literal["new_resnet"] = "new_resnet"
    blocks: ClassVar[tuple[int, ...]] = (2, 2, 2)

    def _tail(self, inputs: int, size: MapSize) -> tuple[dict[str, nn.Module], int]:
        size = size.after("tail_pool", 2, stride=2).after("tail1", 2).after("tail2", 2)
        outputs = 2 * inputs
        tail: dict[str, nn.Module] = {
            f"tail{number}": sequence(
                conv=nn.Conv2d(channels, outputs, 2, bias=not self.norm.shifts),
                norm=self.norm.build(outputs),
                act=self.activation.build(),
            )
            for number, channels in ((1, inputs), (2, outputs))
        }
        pool: dict[str, nn.Module] = {"tail_pool": nn.MaxPool2d(2)}
        return pool | tail, outputs

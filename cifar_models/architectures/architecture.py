"""The kind `architecture`: what a network has to offer, and the shape it is built for."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from cifar_models.component import Component

MOST_WEIGHTS = 10**11
"""More, 800 GB with their gradients, are a slip of the pen."""


@dataclass(frozen=True)
class ImageShape:
    """What a data set tells a network: channels, height and width of an image, classes."""

    channels: int
    height: int
    width: int
    num_classes: int


class Architecture(Component, kind="architecture"):
    """A network family; its fields are the structural choices that a study may vary."""

    preparation: ClassVar[int] = 0
    """How many training images `prepare` asks for."""

    @abstractmethod
    def build(self, shape: ImageShape) -> nn.Module:
        """Return a network from float images (B, channels, height, width) to logits (B, classes).

        Weights are those of torch's default initialisation; training initialises them anew from
        the seed, module by module.

        Raises:
            ValueError: The images are too small for this network.
        """

    def parameter_count(self, shape: ImageShape) -> int:
        """Return how many parameters the network has, built without memory for them.

        Raises:
            ValueError: The images are too small for this network, torch cannot build it, or it is
                larger than any machine.
        """
        try:
            with torch.device("meta"):
                network = self.build(shape)
        except (OverflowError, RuntimeError, TypeError) as error:  # sizes that torch cannot count
            why = str(error).strip().partition("\n")[0]
            raise ValueError(f"the network {self.name} cannot be built: {why}") from error
        weights = sum(parameter.numel() for parameter in network.parameters())
        if weights > MOST_WEIGHTS:
            raise ValueError(
                f"the network {self.name} has {weights:,} weights, more than any machine holds; "
                "make it smaller"
            )
        return weights

    def prepare(self, network: nn.Module, images: Tensor) -> None:
        """Fit an initialised network to the data before its first step; most need nothing.

        Args:
            network: As it was built, on its device.
            images: The first ``preparation`` training images, or all if they are fewer, normalised:
                float (N, channels, height, width).
        """

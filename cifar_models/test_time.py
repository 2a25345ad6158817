"""The kind `test_time`: of which views of an image a trained network's answer is the mean."""

from abc import abstractmethod
from typing import Literal

from torch import Tensor, nn
from torch.nn import functional as F

from cifar_models.component import Component


class Views(Component, kind="test_time"):
    """Views of images whose logits are averaged, in evaluation only."""

    @abstractmethod
    def logits(self, network: nn.Module, images: Tensor) -> Tensor:
        """Return logits (B, classes) of normalised images (B, C, H, W)."""

    def check(self, height: int, width: int) -> None:
        """Raise ValueError if images are too small; by default none are."""


class OneView(Views):
    """The image as it is.

    Source: the usual evaluation.
    """

    name: Literal["none"] = "none"

    def logits(self, network: nn.Module, images: Tensor) -> Tensor:
        """Return the logits."""
        logits: Tensor = network(images)
        return logits


class FlipViews(Views):
    """The image and its mirror image.

    Source: Krizhevsky et al. 2012, section 4.1, without its crops; Jordan 2024 (arXiv:2404.00498),
    section 3.5.
    """

    name: Literal["flip"] = "flip"

    def logits(self, network: nn.Module, images: Tensor) -> Tensor:
        """Return the mean logits, in float32."""
        logits: Tensor = (network(images).float() + network(images.flip(3)).float()) / 2
        return logits


class FlipAndShiftViews(Views):
    """Six views: the image and two shifts by one pixel, each with its mirror image.

    Shifts go up and to the left, or down and to the right; what comes in is mirrored at the edge.
    The unshifted pair weighs as much as the other two together.

    Source: Jordan 2024 (arXiv:2404.00498), section 3.5.
    """

    name: Literal["flip_and_shift"] = "flip_and_shift"

    def check(self, height: int, width: int) -> None:
        """Raise ValueError if there is nothing to mirror at the edge."""
        if min(height, width) < 2:
            raise ValueError(f"images of {height}x{width} cannot be shifted: use another test_time")

    def logits(self, network: nn.Module, images: Tensor) -> Tensor:
        """Return the mean logits, in float32."""
        height, width = images.shape[2:]
        padded = F.pad(images, (1, 1, 1, 1), mode="reflect")
        first, second = padded[:, :, :height, :width], padded[:, :, 2:, 2:]
        both = FlipViews()
        shifted = (both.logits(network, first) + both.logits(network, second)) / 2
        return (both.logits(network, images) + shifted) / 2

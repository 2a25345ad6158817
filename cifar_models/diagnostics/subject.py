"""The training that diagnostics look at."""

from dataclasses import dataclass
from functools import cached_property

from torch import Tensor, nn

from cifar_models.classifier import Classifier
from cifar_models.datasets import Images
from cifar_models.numerics import Numerics

_HEAD = "network."
_TAIL = ".weight"


@dataclass(frozen=True)
class Subject:
    """What stays the same in all of a training."""

    classifier: Classifier
    loss: nn.Module
    train: Images
    validation: Images | None
    numerics: Numerics
    seed: int
    steps: int
    """Of an epoch."""

    @cached_property
    def layers(self) -> dict[str, nn.Parameter]:
        """Trained weights of two dimensions or more, by the module's path, from the input on.

        Those are the weights of convolutions and linear layers.
        """
        return {
            name.removeprefix(_HEAD).removesuffix(_TAIL): weight
            for name, weight in self.trainable.items()
            if weight.ndim > 1
        }

    @cached_property
    def trainable(self) -> dict[str, nn.Parameter]:
        """All weights that are trained, by their names in the classifier."""
        named = self.classifier.named_parameters()
        return {name: weight for name, weight in named if weight.requires_grad}

    def buffers(self) -> dict[str, Tensor]:
        """Return copies of the buffers: running statistics may be written into them."""
        return {name: value.clone() for name, value in self.classifier.named_buffers()}

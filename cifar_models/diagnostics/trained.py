"""A network at the end of an epoch as diagnostics see it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn

from cifar_models.classifier import autocast, images_of
from cifar_models.component import registry
from cifar_models.datasets import Images
from cifar_models.diagnostics.subject import Subject

AT_ONCE = 250
"""Images in a forward pass."""


@dataclass(frozen=True, eq=False)
class Trained:
    """The weights that count at the end of an epoch.

    Attributes:
        subject: the training.
        epoch: the epoch that has ended, from 1.
        last: whether the training is over.
        metrics: what the epoch gave.
    """

    subject: Subject
    epoch: int
    last: bool
    metrics: dict[str, float]

    @cached_property
    def measured(self) -> tuple[str, Images]:
        """The images that were not trained on, and their name: ``validation``.

        Where there are none, those that were: ``train``.
        """
        subject = self.subject
        if subject.validation is None:
            return "train", subject.train
        return "validation", subject.validation

    @cached_property
    def logits(self) -> Tensor:
        """The classifier's answers to the `measured` images, (N, classes) float32 on the CPU."""
        return self.answers(self.measured[1])

    @torch.inference_mode()
    def answers(self, images: Images, module: Callable[[Tensor], Tensor] | None = None) -> Tensor:
        """Return what the classifier, or another function, gives for images: float32 on the CPU."""
        numerics = self.subject.numerics
        pixels, _ = images.on(numerics.device)
        with self._evaluating(), autocast(numerics):
            parts = [
                (module or self.subject.classifier)(images_of(chunk, numerics)).float().cpu()
                for chunk in torch.split(pixels, AT_ONCE)
            ]
        return torch.cat(parts)

    def outputs(self, images: Images, look: Callable[[str, Tensor], None]) -> None:
        """Let every activation of the network be looked at as it answers to some images.

        Args:
            images: are given in parts, one view each.
            look: is told the path of a module in the network and what it gave, (B, ...).
        """
        handles = [
            module.register_forward_hook(_telling(path, look))
            for path, module in activations(self.subject.classifier.network).items()
        ]
        try:
            self.answers(images, self._one_view)
        finally:
            for handle in handles:
                handle.remove()

    def _one_view(self, images: Tensor) -> Tensor:
        """Return logits of the images alone, not of their views too."""
        classifier = self.subject.classifier
        logits: Tensor = classifier.network(classifier.normalised(images))
        return logits

    @contextmanager
    def _evaluating(self) -> Iterator[None]:
        self.subject.classifier.eval()
        try:
            yield
        finally:
            self.subject.classifier.train()


def activations(network: nn.Module) -> dict[str, nn.Module]:
    """Return a network's activations by path, from the input on; else its weighted layers.

    What counts is what a registered activation builds; a network may call functions instead.
    """
    kinds = {type(choice().build()) for choice in _choices()} - {nn.Identity}
    named = dict(network.named_modules())
    found = {path: module for path, module in named.items() if type(module) in kinds}
    weighted = (nn.Conv2d, nn.Linear)
    return found or {path: m for path, m in named.items() if isinstance(m, weighted)}


def _choices() -> list[Any]:
    return list(registry("activation").values())


def _telling(path: str, look: Callable[[str, Tensor], None]) -> Callable[..., None]:
    def hook(_: nn.Module, __: object, outputs: Tensor) -> None:
        look(path, outputs.float())

    return hook

"""What the tests of diagnostics share: a quadratic to look at, and rows as columns."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from cifar_models.classifier import Classifier
from cifar_models.datasets import Images
from cifar_models.diagnostics import Moment, Row, Subject, Trained
from cifar_models.numerics import Numerics
from tests.cifar_models.small import images

CURVATURES = torch.tensor([3.0, 1.0, 0.5])


class Quadratic(nn.Module):
    """Answers every image with its weights (1, 3)."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(3, 1, bias=False)
        self.act = nn.ReLU()

    def forward(self, inputs: Tensor) -> Tensor:
        return self.linear.weight.expand(len(inputs), 3)


class Bowl(nn.Module):
    """Half of w' diag(CURVATURES) w, whatever the labels are."""

    def forward(self, logits: Tensor, labels: Tensor) -> Tensor:
        return 0.5 * (CURVATURES * logits[0].square()).sum()


def subject(network: nn.Module, loss: nn.Module, number: int = 20, steps: int = 100) -> Subject:
    """Return a training of a network; nothing trains it."""
    classifier = Classifier(network, torch.zeros(3), torch.ones(3))
    shown = images().train
    part = Images(shown.pixels[:number], shown.labels[:number])
    return Subject(classifier, loss, part, None, Numerics(channels_last=False), 0, steps)


def bowl(weights: Iterable[float] = (1.0, 1.0, 1.0), steps: int = 100) -> Subject:
    """Return a training on the quadratic."""
    found = subject(Quadratic(), Bowl(), steps=steps)
    with torch.no_grad():
        found.layers["linear"].copy_(torch.tensor([list(weights)]))
    return found


def moment(
    seen: Subject,
    step: int = 0,
    criterion: Callable[[Tensor], Tensor] | None = None,
    pictures: Tensor | None = None,
) -> Moment:
    """Return a step whose gradient is known, as the trainer shows it."""
    pictures = torch.zeros(4, 3, 8, 8) if pictures is None else pictures
    labels = torch.zeros(len(pictures), dtype=torch.long)
    criterion = criterion or (lambda logits: seen.loss(logits, labels))
    seen.classifier.zero_grad()
    loss = criterion(seen.classifier(pictures))
    loss.backward()
    return Moment(seen, 1, step, pictures, criterion, loss.detach())


def end(seen: Subject, *, epoch: int = 1, last: bool = True, **metrics: float) -> Trained:
    """Return the end of an epoch."""
    return Trained(seen, epoch, last, metrics)


def columns(rows: Iterable[Row]) -> dict[str, list[Any]]:
    """Return rows as columns."""
    listed = list(rows)
    return {name: [row[name] for row in listed] for name in listed[0]} if listed else {}


def picture(values: Any, *shape: int) -> Any:
    """Return the values of a row as an array."""
    return np.asarray(values, dtype=np.float64).reshape(shape)

"""How much the gradient of the last layer changes from step to step."""

from collections.abc import Iterable
from typing import Literal

import torch
from torch import Tensor

from cifar_models.diagnostics.diagnostic import Diagnostic, Observer, Row
from cifar_models.diagnostics.moment import Moment


class SuccessiveGradients(Diagnostic):
    """Distance between the last layer's gradients of successive steps, and the batch's loss.

    What a report that trains with several learning rates draws bands of: of the loss (landscape),
    of the distance (gradient predictiveness), and the distance's maximum over learning rates
    ("effective" beta-smoothness there, though it is divided by nothing). Columns: ``step``
    (of the training, from 0), ``loss``, ``norm`` (l2, of the gradient), ``distance`` (l2, to the
    step before).

    Source: public re-implementations of Santurkar et al. 2018 (arXiv:1805.11604), figure 4, over
    learning rates; the paper's own definition is that of loss_landscape and its like.
    """

    name: Literal["successive_gradients"] = "successive_gradients"

    def observer(self) -> Observer:
        """Return what compares them."""
        return _Pairs()


class _Pairs(Observer):
    def __init__(self) -> None:
        self.before: Tensor | None = None
        self.found: list[tuple[int, Tensor]] = []

    def observe(self, moment: Moment) -> None:
        last = list(moment.gradients)[-1]
        gradient = moment.gradients[last].detach()
        if self.before is not None:
            pair = (moment.loss.float(), gradient.norm(), (gradient - self.before).norm())
            self.found.append((moment.number, torch.stack(pair)))
        self.before = gradient.clone()

    def rows(self) -> Iterable[Row]:
        for step, numbers in self.found:
            loss, length, change = numbers.tolist()
            yield {"step": step, "loss": loss, "norm": length, "distance": change}

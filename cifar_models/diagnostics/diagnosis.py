"""All diagnostics of one training, and what they have seen."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

from torch import Tensor

from cifar_models.checkpoint import Checkpoint
from cifar_models.diagnostics.diagnostic import Diagnostic, Observer, Row
from cifar_models.diagnostics.expense import Expense
from cifar_models.diagnostics.moment import Moment
from cifar_models.diagnostics.subject import Subject
from cifar_models.diagnostics.trained import Trained
from cifar_models.mixing import Mixture

Observations = dict[str, dict[str, list[Any]]]
"""Columns by name, by `Diagnostic.key`: plain data, which a checkpoint can hold."""


class Diagnosis:
    """Lets diagnostics look; without any it does nothing."""

    def __init__(self, diagnostics: Sequence[Diagnostic], subject: Subject) -> None:
        self.diagnostics, self.subject = tuple(diagnostics), subject
        self.observations: Observations = {diagnostic.key: {} for diagnostic in diagnostics}
        self.expense = Expense(subject.numerics.device)
        self._begin()

    def _begin(self) -> None:
        made = ((d.key, d.observer()) for d in self.diagnostics)
        self._observers: dict[str, Observer] = {key: o for key, o in made if o is not None}
        self._step = 0

    def at(
        self, epoch: int, images: Tensor, labels: Tensor, mixture: Mixture, loss: Tensor
    ) -> Callable[[float], None] | None:
        """Return what looks at a step when its gradients are known; None if nothing does.

        Args:
            epoch: from 1.
            images: the batch as the classifier is given it.
            labels: of the batch.
            mixture: what turns logits and labels into the loss.
            loss: without penalties.
        """
        if not self._observers:
            return None
        criterion = partial(mixture.loss, self.subject.loss, labels=labels)
        return partial(self._observe, epoch, images, criterion, loss.detach())

    def _observe(
        self, epoch: int, images: Tensor, criterion: Callable[[Tensor], Tensor], loss: Tensor,
        scale: float,
    ) -> None:  # fmt: skip
        with self.expense.looking():
            self._show(Moment(self.subject, epoch, self._step, images, criterion, loss, scale))
            self._step += 1

    def _show(self, moment: Moment) -> None:
        if _will_be_taken(moment):
            for observer in self._observers.values():
                observer.observe(moment)

    def conclude(self, epoch: int, status: str, metrics: dict[str, float]) -> None:
        """Take down what an epoch gave; weights that diverged are not analysed."""
        with self.expense.looking():
            trained = Trained(self.subject, epoch, status != "running", metrics)
            for diagnostic in self.diagnostics:
                observer = self._observers.get(diagnostic.key)
                if observer is not None:
                    self._keep(diagnostic, epoch, observer.rows())
                if status != "diverged":
                    self._keep(diagnostic, epoch, diagnostic.analyse(trained))
            self._begin()
        self.expense.begin()

    def _keep(self, diagnostic: Diagnostic, epoch: int, rows: Iterable[Row]) -> None:
        columns = self.observations[diagnostic.key]
        for row in rows:
            whole = {"epoch": epoch, **row}
            if not columns:
                columns |= {name: [] for name in whole}
            if whole.keys() != columns.keys():
                raise ValueError(
                    f"rows of {diagnostic.name} differ in their columns: {', '.join(whole)} "
                    f"after {', '.join(columns)}"
                )
            for name, value in whole.items():
                columns[name].append(value)

    def restore(self, checkpoint: Checkpoint) -> None:
        """Take up what was seen before.

        Raises:
            ValueError: One of the diagnostics has not looked from the first epoch on.
        """
        if not seen_by(checkpoint, self.diagnostics):
            names = ", ".join(diagnostic.name for diagnostic in self.diagnostics)
            raise ValueError(f"the checkpoint is of a training without {names}; train anew")
        kept = checkpoint.observations
        self.observations = {key: kept.get(key, {}) for key in self.observations}


def _will_be_taken(moment: Moment) -> bool:
    """Whether the optimizer takes the step: in fp16 it skips those that overflow."""
    if moment.scale == 1.0:
        return True
    weights = (weight.grad for weight in moment.subject.trainable.values())
    return all(bool(grad.isfinite().all()) for grad in weights if grad is not None)


def seen_by(checkpoint: Checkpoint, diagnostics: Iterable[Diagnostic]) -> bool:
    """Whether all of these have looked at a training from its first epoch on."""
    unseen = {diagnostic.key for diagnostic in diagnostics} - checkpoint.observations.keys()
    return not unseen or not checkpoint.epoch

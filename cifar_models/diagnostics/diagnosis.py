"""All diagnostics of one training, and what they have seen."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

from torch import Tensor

from cifar_models.checkpoint import Checkpoint
from cifar_models.diagnostics.columns import Columns, append
from cifar_models.diagnostics.diagnostic import Diagnostic, Observer
from cifar_models.diagnostics.expense import Expense
from cifar_models.diagnostics.moment import Moment
from cifar_models.diagnostics.subject import Subject
from cifar_models.diagnostics.trained import Trained
from cifar_models.memory import want_of_memory
from cifar_models.mixing import Mixture
from cifar_models.streams import global_stream

Observations = dict[str, Columns]
"""By `Diagnostic.key`."""
_CHARACTERS = 300
"""Of a reason: a tag of MLflow's holds those of all diagnostics together."""


class Diagnosis:
    """Lets diagnostics look; without any it does nothing.

    What one raises is never the training's fault: it looks no more, and what it had seen is
    dropped, since half of it would be compared with the whole of another training.
    """

    def __init__(self, diagnostics: Sequence[Diagnostic], subject: Subject) -> None:
        self.diagnostics = {diagnostic.key: diagnostic for diagnostic in diagnostics}
        self.subject = subject
        self.observations: Observations = {key: {} for key in self.diagnostics}
        self.missed: dict[str, str] = {}
        """Why a diagnostic has not seen the training, in a line, by its key."""
        self.expense = Expense(subject.numerics.device)
        self._short = False
        """Whether memory ran out in this look."""
        self._begin(1)

    def _begin(self, epoch: int) -> None:
        self._observers: dict[str, Observer] = {}
        self._step = 0
        for key, diagnostic in self.diagnostics.items():
            self._ask(key, epoch, partial(self._prepare, key, diagnostic))

    def _prepare(self, key: str, diagnostic: Diagnostic) -> None:
        observer = diagnostic.observer()
        if observer is not None:
            self._observers[key] = observer

    def at(
        self, epoch: int, images: Tensor, labels: Tensor, mixture: Mixture, loss: Tensor
    ) -> Callable[[Callable[[], float]], None] | None:
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
        scaling: Callable[[], float],
    ) -> None:  # fmt: skip
        with self._looking(epoch):
            self._show(Moment(self.subject, epoch, self._step, images, criterion, loss, scaling))
            self._step += 1

    def _show(self, moment: Moment) -> None:
        for key, observer in list(self._observers.items()):
            self._ask(key, moment.epoch, partial(_observe, observer, moment))

    def conclude(self, epoch: int, status: str, metrics: dict[str, float]) -> None:
        """Take down what an epoch gave; weights that diverged are not analysed."""
        with self._looking(epoch):
            trained = Trained(self.subject, epoch, status != "running", metrics)
            for key in self.diagnostics:
                self._ask(key, epoch, partial(self._take_down, key, trained, status))
            self._begin(epoch + 1)
        self.expense.begin()

    def _take_down(self, key: str, trained: Trained, status: str) -> None:
        observer, columns = self._observers.get(key), self.observations[key]
        if observer is not None:
            append(columns, observer.rows(), trained.epoch)
        if status != "diverged":
            append(columns, self.diagnostics[key].analyse(trained), trained.epoch)

    @contextmanager
    def _looking(self, epoch: int) -> Iterator[None]:
        """Let diagnostics draw from a stream of their own, and count what they take as theirs."""
        stream = global_stream(self.subject.seed, "diagnostics", "look", epoch, self._step)
        with self.expense.looking(), stream:
            yield
            if self._short:  # by now nothing holds what the one that failed had taken
                self.expense.free()
                self._short = False

    def _ask(self, key: str, epoch: int, look: Callable[[], None]) -> None:
        """Let a diagnostic look, unless it has raised before."""
        if key in self.missed:
            return
        try:
            look()
        except Exception as error:  # whatever a user's own raises
            self.missed[key] = f"in epoch {epoch}: {_line(error)}"
            self._short = self._short or want_of_memory(error) is not None
            self.observations[key] = {}
            self._observers.pop(key, None)
            self.subject.classifier.train()  # it may have been stopped in an evaluation

    def restore(self, checkpoint: Checkpoint) -> None:
        """Take up what was seen before.

        Raises:
            ValueError: One of the diagnostics has not looked from the first epoch on.
        """
        if not seen_by(checkpoint, self.diagnostics.values()):
            names = ", ".join(diagnostic.name for diagnostic in self.diagnostics.values())
            raise ValueError(f"the checkpoint is of a training without {names}; train anew")
        kept = checkpoint.observations
        self.observations = {key: kept.get(key, {}) for key in self.diagnostics}
        self.missed |= {k: why for k, why in checkpoint.missed.items() if k in self.diagnostics}
        self._begin(checkpoint.epoch + 1)


def _observe(observer: Observer, moment: Moment) -> None:
    if observer.due(moment) and moment.taken:
        observer.observe(moment)


def _line(error: Exception) -> str:
    """Return type and message of an error, in one line that is not too long."""
    message = str(error).strip().partition("\n")[0]
    told = f"{type(error).__name__}: {message}" if message else type(error).__name__
    return told if len(told) <= _CHARACTERS else f"{told[:_CHARACTERS]} …"


def seen_by(checkpoint: Checkpoint, diagnostics: Iterable[Diagnostic]) -> bool:
    """Whether all of these have looked at a training from its first epoch on."""
    unseen = {diagnostic.key for diagnostic in diagnostics} - checkpoint.observations.keys()
    return not unseen or not checkpoint.epoch

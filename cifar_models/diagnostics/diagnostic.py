"""The kind `diagnostic`: what one can look at in a training, to explain how it ended."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import TYPE_CHECKING

from cifar_models.component import Component, settings_key

if TYPE_CHECKING:
    from cifar_models.diagnostics.moment import Moment
    from cifar_models.diagnostics.trained import Trained

Value = float | int | bool | str | list[float] | list[int] | None
"""These types alone, not NumPy's or torch's."""
Row = dict[str, Value]
"""One line of a tidy table; all rows of a diagnostic have the same columns, each of one kind."""


class Observer(ABC):
    """What is seen in the steps of one epoch. Each epoch begins with a new one."""

    def due(self, moment: "Moment") -> bool:
        """Whether it wants to look at a step, asked before the step's gradients are waited for."""
        return True

    @abstractmethod
    def observe(self, moment: "Moment") -> None:
        """Look at a step whose gradients are known and whose weights have not changed yet.

        Nothing of the training may be written to, and on a GPU nothing should be waited for.
        """

    @abstractmethod
    def rows(self) -> Iterable[Row]:
        """Return what the epoch gave."""


class Diagnostic(Component, kind="diagnostic"):
    """Looks at a training and never changes it: weights are equal bit for bit without it.

    One that raises is not asked again in the training, which goes on.

    Its rows get the column ``epoch``, from 1, unless they bring their own.
    """

    def observer(self) -> Observer | None:
        """Return what looks at the steps of an epoch; None where only its end is looked at."""
        return None

    def analyse(self, trained: "Trained") -> Iterable[Row]:
        """Return what the end of an epoch gives; nothing of the training may be written to."""
        return ()

    @property
    def key(self) -> str:
        """Its name and a hash of its settings: what its data are kept by."""
        return settings_key(self.model_dump(mode="json"))

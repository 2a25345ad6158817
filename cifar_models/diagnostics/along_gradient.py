"""What diagnostics along the gradient share: at which steps, and how far they go."""

from abc import abstractmethod
from collections.abc import Iterable
from typing import Annotated

from pydantic import Field
from torch import Tensor

from cifar_models.diagnostics.diagnostic import Diagnostic, Observer, Row
from cifar_models.diagnostics.moment import Moment

StepSize = Annotated[float, Field(gt=0)]


class AlongGradient(Diagnostic):
    """Goes along the gradient of a batch's loss, from every ``every_steps``-th step's weights.

    A step size is what the gradient is multiplied by, whatever optimizer and learning rate train:
    variants are compared at equal ones. They are our choice, 0.5 to 4 times 0.1, of the usual rate
    of SGD. The loss is as in training (batch statistics), without penalties, in fp32.
    """

    every_steps: Annotated[int, Field(gt=0)] = 20
    step_sizes: Annotated[tuple[StepSize, ...], Field(min_length=1)] = (0.05, 0.1, 0.2, 0.4)

    def observer(self) -> Observer:
        """Return what goes there."""
        return _Walk(self)

    @abstractmethod
    def look(self, moment: Moment) -> dict[float, dict[str, Tensor]]:
        """Return numbers by step size, 0 for where the step begins."""


class _Walk(Observer):
    def __init__(self, diagnostic: AlongGradient) -> None:
        self.diagnostic = diagnostic
        self.found: list[tuple[int, float, dict[str, Tensor]]] = []

    def due(self, moment: Moment) -> bool:
        return moment.number % self.diagnostic.every_steps == 0

    def observe(self, moment: Moment) -> None:
        looked = self.diagnostic.look(moment).items()
        self.found += [(moment.number, size, numbers) for size, numbers in looked]

    def rows(self) -> Iterable[Row]:
        for step, size, numbers in self.found:
            values = {name: number.item() for name, number in numbers.items()}
            yield {"step": step, "step_size": size, **values}

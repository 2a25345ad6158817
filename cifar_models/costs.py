"""The kind `cost`: what a trial took, and how soon it was good."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from statistics import harmonic_mean
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from cifar_models.component import Component
from cifar_models.ranges import Range

Curve = Sequence[Mapping[str, float]]
"""A trial epoch by epoch: ``epoch`` and the metrics of an `EpochResult`; NaN where not measured."""
_VALIDATED = "validation/accuracy"


class Cost(Component, kind="cost"):
    """A number from what a trial recorded, and from nothing else: an old trial has it too.

    Class variables: ``unit`` and ``scale`` of a printed value, which is the stored one times the
    scale; ``higher_is_better``; ``of_device``, whether it is another on another device;
    ``validates``, whether it takes validation images; ``absent``, what a table says of a finished
    trial without a value; ``note``, a sentence that its reader needs.
    """

    unit: ClassVar[str] = ""
    scale: ClassVar[float] = 1.0
    higher_is_better: ClassVar[bool] = False
    of_device: ClassVar[bool] = False
    validates: ClassVar[bool] = False
    absent: ClassVar[str] = "\N{EN DASH}"
    note: ClassVar[str] = ""

    @property
    def column(self) -> str:
        """Its name in frames and files, which tells it from the same cost with other settings."""
        return self.name

    @property
    def title(self) -> str:
        """How a table for people heads it."""
        return self.name.replace("_", " ")

    @abstractmethod
    def measure(self, curve: Curve, facts: Mapping[str, str]) -> float | None:
        """Return the cost of a trial, None where what it recorded does not have it.

        Args:
            curve: One row an epoch, in order; at least one.
            facts: What else is known of a trial: ``parameters``, ``flops``, ``device`` and so on.
        """


class _ToAccuracy(Cost):
    """What it takes to the first validation that is at least as accurate as asked for."""

    accuracy: Annotated[float, Field(gt=0, le=1), Range(0.3, 0.95)] = 0.9
    """A fraction; validations come as often as the recipe says."""
    validates: ClassVar[bool] = True
    absent: ClassVar[str] = "not reached"

    @property
    def column(self) -> str:
        """Name and accuracy: ``epochs_to_accuracy_0.9``."""
        return f"{self.name}_{self.accuracy:g}"

    @property
    def _percent(self) -> str:
        return f"{100 * self.accuracy:g} %"

    def _reached(self, curve: Curve) -> int | None:
        """Return how many rows of a curve it takes."""
        rows = enumerate(curve, start=1)
        return next((n for n, row in rows if row.get(_VALIDATED, 0.0) >= self.accuracy), None)


class EpochsToAccuracy(_ToAccuracy):
    """Epochs until the validation accuracy is first at least ``accuracy``.

    Source: time to accuracy, counted in epochs; Coleman et al. 2017, "DAWNBench", section 3.
    """

    name: Literal["epochs_to_accuracy"] = "epochs_to_accuracy"

    @property
    def title(self) -> str:
        """How a table for people heads it."""
        return f"epochs to {self._percent}"

    def measure(self, curve: Curve, facts: Mapping[str, str]) -> float | None:
        """Return the cost."""
        reached = self._reached(curve)
        return None if reached is None else float(curve[reached - 1]["epoch"])


class SecondsToAccuracy(_ToAccuracy):
    """Seconds of training and validation until the accuracy is first at least ``accuracy``.

    Source: time to accuracy; Coleman et al. 2017, "DAWNBench", section 3.
    """

    name: Literal["seconds_to_accuracy"] = "seconds_to_accuracy"
    of_device: ClassVar[bool] = True
    unit: ClassVar[str] = "s"

    @property
    def title(self) -> str:
        """How a table for people heads it."""
        return f"time to {self._percent}"

    def measure(self, curve: Curve, facts: Mapping[str, str]) -> float | None:
        """Return the cost."""
        reached = self._reached(curve)
        return None if reached is None else sum(row["seconds"] for row in curve[:reached])


class Parameters(Cost):
    """Numbers that the network learns or keeps, those of frozen layers included.

    Source: torch.nn.Module.parameters.
    """

    name: Literal["parameters"] = "parameters"

    def measure(self, curve: Curve, facts: Mapping[str, str]) -> float | None:
        """Return the cost."""
        return _fact(facts, "parameters")


class Flops(Cost):
    """Floating point operations of one training image, forward and backward.

    Source: the formulas of torch.utils.flop_counter; see `cifar_models.flops`.
    """

    name: Literal["flops"] = "flops"
    unit: ClassVar[str] = "million an image"
    scale: ClassVar[float] = 1e-6
    note: ClassVar[str] = (
        "FLOPs: of one training image, forward and backward, in convolutions and matrix products; "
        "a multiplication with its addition counts as two."
    )

    @property
    def title(self) -> str:
        """How a table for people heads it."""
        return "FLOPs"

    def measure(self, curve: Curve, facts: Mapping[str, str]) -> float | None:
        """Return the cost."""
        return _fact(facts, "flops")


class Latency(Cost):
    """Milliseconds for the logits of one image, by the untrained network on the trial's worker.

    Source: the fastest of ten passes; see `cifar_models.latency`.
    """

    name: Literal["latency"] = "latency"
    of_device: ClassVar[bool] = True
    unit: ClassVar[str] = "ms an image"
    scale: ClassVar[float] = 1e3
    note: ClassVar[str] = (
        "Latency: of a single image, test-time views included; the fastest of ten passes on a "
        "worker beside which other trials ran, so that equal networks differ by some per cent."
    )

    def measure(self, curve: Curve, facts: Mapping[str, str]) -> float | None:
        """Return the cost, in seconds."""
        return _fact(facts, "latency")


class ImagesPerSecond(Cost):
    """Training images a second over all epochs, without validation.

    Source: the harmonic mean over the epochs: all images by all seconds.
    """

    name: Literal["images_per_second"] = "images_per_second"
    of_device: ClassVar[bool] = True
    unit: ClassVar[str] = "images/s"
    higher_is_better: ClassVar[bool] = True

    @property
    def title(self) -> str:
        """How a table for people heads it."""
        return "speed"

    def measure(self, curve: Curve, facts: Mapping[str, str]) -> float | None:
        """Return the cost."""
        return harmonic_mean([row["images_per_second"] for row in curve])


class PeakMemory(Cost):
    """Largest memory of the GPU's allocator, or on a CPU of the worker's process.

    Source: torch.cuda.max_memory_allocated; getrusage(2), ru_maxrss.
    """

    name: Literal["peak_memory"] = "peak_memory"
    of_device: ClassVar[bool] = True
    unit: ClassVar[str] = "MiB"
    note: ClassVar[str] = (
        "Peak memory: of the GPU's allocator; on a CPU that of the worker's process, which an "
        "earlier trial in it may have raised."
    )

    def measure(self, curve: Curve, facts: Mapping[str, str]) -> float | None:
        """Return the cost."""
        return max(row["peak_memory"] for row in curve)


def _fact(facts: Mapping[str, str], name: str) -> float | None:
    return float(facts[name]) if name in facts else None

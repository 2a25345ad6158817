"""What a benchmark is: a file of this package whose ``BENCHMARK`` says what it compares."""

import pkgutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Literal, TypeVar

import benchmarks
from benchmarks.harness.results import Case
from cifar_models.component import nearest

Scale = Literal["quick", "standard", "full"]
Device = Literal["cpu", "cuda"]
T = TypeVar("T")


@dataclass(frozen=True)
class Options:
    """How a benchmark is to be run.

    ``threads`` is the number that every arm computes with. ``data_dir`` holds the real CIFAR; a
    benchmark whose speed does not depend on the images does without. ``out`` is where results
    gather, and None where they are only shown.
    """

    scale: Scale = "standard"
    device: Device = "cpu"
    threads: int = 2
    data_dir: Path | None = None
    out: Path | None = None

    def pick(self, quick: T, standard: T, full: T) -> T:
        """Return what belongs to the scale."""
        return {"quick": quick, "standard": standard, "full": full}[self.scale]


@dataclass(frozen=True)
class Benchmark:
    """A measured claim.

    Attributes:
        compares: One sentence that says what is compared with what.
        measure: Runs it and returns its cases.
        devices: On which it has something to say.
        only_full: Whether it is too long for ``make bench``.
        notes: What a reader of the figures must know besides, one sentence each.
    """

    compares: str
    measure: Callable[[Options], Sequence[Case]]
    devices: tuple[Device, ...] = ("cpu",)
    only_full: bool = False
    notes: tuple[str, ...] = ()


def names() -> list[str]:
    """Return the names of all benchmarks: the modules directly in the package."""
    modules = pkgutil.iter_modules(benchmarks.__path__)
    return [found.name for found in modules if not found.ispkg and found.name != "__main__"]


def load(name: str) -> Benchmark:
    """Return a benchmark by name.

    Raises:
        ValueError: There is none of that name.
    """
    if name not in names():
        raise ValueError(f"no benchmark is called {name!r}: {nearest(name, names())}")
    benchmark: Benchmark = import_module(f"benchmarks.{name}").BENCHMARK
    return benchmark

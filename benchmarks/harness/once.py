"""Sweeps as arms: each in a fresh process, since Ray and MLflow read their settings once."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from typing import Generic, TypeVar

from benchmarks.harness.windows import Arm, Window

T = TypeVar("T")
_SETTINGS = ("TUNE_", "RAY_", "MLFLOW_")


def in_fresh_process(work: Callable[[], T]) -> T:
    """Return what a function gives in a process of its own without anyone's settings.

    Args:
        work: A function, or a `functools.partial` of one, that other processes can import.
    """
    with ProcessPoolExecutor(1, get_context("spawn"), initializer=forget_settings) as pool:
        return pool.submit(work).result()


def forget_settings() -> None:
    """Forget what Ray, Tune and MLflow would read from the environment."""
    for name in [name for name in os.environ if name.startswith(_SETTINGS)]:
        del os.environ[name]
    os.environ["OMP_NUM_THREADS"] = "1"


class Once(Generic[T]):
    """An arm that runs some work once a window, and keeps what it gave."""

    def __init__(self, name: str, amount: float, work: Callable[[], T]) -> None:
        self.results: list[T] = []
        self.arm = Arm(name, partial(self._run, amount, work))

    def kept(self, windows: Sequence[Window]) -> list[T]:
        """Return what the windows that count gave; no other windows of this arm, no warm-ups."""
        mine = [window for window in windows if window.arm == self.arm.name]
        pairs = zip(self.results, mine, strict=True)
        return [result for result, window in pairs if not window.discarded]

    def _run(self, amount: float, work: Callable[[], T]) -> float:
        self.results.append(in_fresh_process(work))
        return amount

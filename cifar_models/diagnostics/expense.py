"""Time and memory that looking takes, which are no part of what a training costs."""

import gc
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

_MIB = 2**20


class Expense:
    """Tells them from those of the training: on a GPU by its own clock, so that nothing waits.

    Memory is told apart on a GPU alone; that of a process cannot be.
    """

    def __init__(self, device: str) -> None:
        self._cuda = device == "cuda"
        self._spans: list[tuple[Any, Any]] = []
        self._peak = self._held = 0.0
        """The training's own peak until the last look, and what those that look keep between two
        looks, in MiB."""

    @contextmanager
    def looking(self) -> Iterator[None]:
        """Count what is done in the block as looking."""
        began = self._mark()
        if self._cuda:
            before = torch.cuda.memory_allocated()
            self._peak = self.without(torch.cuda.max_memory_allocated() / _MIB)
        try:
            yield
        finally:
            if self._cuda:
                self._held += (torch.cuda.memory_allocated() - before) / _MIB
                torch.cuda.reset_peak_memory_stats()
            self._spans.append((began, self._mark()))

    def _mark(self) -> Any:
        if not self._cuda:
            return time.perf_counter()
        event = torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call]
        event.record()
        return event

    @property
    def seconds(self) -> float:
        """What the looks since `begin` have taken; a GPU must have been waited for."""
        if self._cuda:
            return sum(float(began.elapsed_time(ended)) for began, ended in self._spans) / 1000
        return sum(float(ended - began) for began, ended in self._spans)

    def without(self, peak: float) -> float:
        """Return the training's own peak memory, from the one since the last look, in MiB."""
        return max(self._peak, peak - self._held)

    def begin(self) -> None:
        """Begin a new count of seconds, when a GPU has done all that was looked at."""
        if self._cuda:
            torch.cuda.synchronize()
        self._spans.clear()

    def free(self) -> None:
        """Give memory back that nothing uses, what only holds itself included."""
        gc.collect()
        if self._cuda:
            torch.cuda.empty_cache()

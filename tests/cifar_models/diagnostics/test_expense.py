"""What looking takes of a GPU, told from a training by a GPU that is made up."""

import contextlib
import weakref
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from cifar_models.diagnostics.expense import Expense


class Gpu:
    """Computes what is queued when it is waited for; seconds of its own, and bytes."""

    def __init__(self) -> None:
        self.clock, self.allocated, self.peak, self.freed = 0.0, 0, 0, 0
        self.queue: list[Any] = []

    def compute(self, seconds: float) -> None:
        self.queue.append(seconds)

    def allocate(self, mib: int) -> None:
        self.allocated += mib * 2**20
        self.peak = max(self.peak, self.allocated)

    def event(self, *, enable_timing: bool) -> Any:
        assert enable_timing
        made = SimpleNamespace(at=None)
        made.record = lambda: self.queue.append(made)
        made.elapsed_time = lambda other: 1000 * (other.at - made.at)
        return made

    def synchronize(self) -> None:
        for work in self.queue:
            if isinstance(work, float):
                self.clock += work
            else:
                work.at = self.clock
        self.queue.clear()

    def reset(self) -> None:
        self.peak = self.allocated

    def empty(self) -> None:
        self.freed += 1


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> Gpu:
    made = Gpu()
    monkeypatch.setattr(torch.cuda, "Event", made.event)
    monkeypatch.setattr(torch.cuda, "synchronize", made.synchronize)
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda: made.allocated)
    monkeypatch.setattr(torch.cuda, "max_memory_allocated", lambda: made.peak)
    monkeypatch.setattr(torch.cuda, "reset_peak_memory_stats", made.reset)
    monkeypatch.setattr(torch.cuda, "empty_cache", made.empty)
    return made


def test_time_is_what_the_gpu_itself_took_to_look(gpu: Gpu) -> None:
    expense = Expense("cuda")
    for _ in range(3):
        gpu.compute(10.0)
        with expense.looking():
            gpu.compute(2.0)
        assert gpu.clock == 0, "nothing waits for it"
    gpu.synchronize()
    assert expense.seconds == pytest.approx(6.0)
    with expense.looking():
        gpu.compute(5.0)
    expense.begin()
    assert not gpu.queue, "what was looked at is done before the next epoch is timed"
    assert expense.seconds == 0


def test_peak_memory_is_that_of_the_training_alone(gpu: Gpu) -> None:
    expense = Expense("cuda")
    gpu.allocate(100), gpu.allocate(-60)
    with expense.looking():
        gpu.allocate(900), gpu.allocate(-893)  # 7 are kept until the next look
    assert expense.without(gpu.peak / 2**20) == 100
    gpu.allocate(70), gpu.allocate(-70)
    assert expense.without(gpu.peak / 2**20) == 110, "the training's 40 and 70"
    with expense.looking():
        gpu.allocate(500), gpu.allocate(-507)
    assert expense.without(gpu.peak / 2**20) == 110
    gpu.allocate(80)
    assert expense.without(gpu.peak / 2**20) == 120


def test_a_look_that_fails_is_told_apart_too(gpu: Gpu) -> None:
    expense = Expense("cuda")
    with contextlib.suppress(KeyboardInterrupt), expense.looking():
        gpu.compute(2.0), gpu.allocate(50), gpu.allocate(-50)
        raise KeyboardInterrupt
    gpu.synchronize()
    assert expense.seconds == pytest.approx(2.0)
    assert expense.without(gpu.peak / 2**20) == 0


@pytest.mark.parametrize(("device", "freed"), [("cpu", 0), ("cuda", 1)])
def test_memory_is_given_back_also_of_what_only_holds_itself(
    device: str, freed: int, gpu: Gpu
) -> None:
    held = SimpleNamespace(tensor=torch.ones(3))
    held.itself, gone = held, weakref.ref(held.tensor)
    del held
    assert gone() is not None
    Expense(device).free()
    assert gone() is None
    assert gpu.freed == freed


def test_the_memory_of_a_process_is_not_told_apart() -> None:
    expense = Expense("cpu")
    with expense.looking():
        pass
    assert expense.without(300.0) == 300.0

"""Trainings of one recipe at the same time, each in a process of its own: as trials on one GPU."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

import torch

from cifar_models.batches import Batches
from cifar_models.datasets import Images
from cifar_models.numerics import Device, Numerics
from cifar_models.recipe import Recipe
from cifar_models.source_file import SourceFile, load_source
from cifar_models.training import Training, train

ENDLESS = 10**6
"""Epochs of a training that is stopped when enough is seen."""

_LAST_WISHES = 10.0  # seconds that a process has to end by itself


@dataclass(frozen=True)
class Work:
    """What each process trains, with a seed of its own.

    The recipe is plain data: another process knows a user's components only when it has executed
    the ``sources`` that define them.
    """

    recipe: dict[str, Any]
    numerics: Numerics
    train: Images
    validation: Images | None
    num_classes: int
    sources: tuple[SourceFile, ...] = ()
    resident: Images | None = None
    """Images that only lie on the device, where ``train`` is an excerpt of them."""

    @property
    def images(self) -> int:
        """How many images an epoch trains on; the last batch is dropped if it is not full."""
        size: int = self.recipe["batch_size"]
        return len(self.train) // size * size


class Memory(NamedTuple):
    """Bytes of a device: in use, by whichever process, and in all."""

    used: int
    capacity: int


class SideBySide:
    """Processes that train when they are told to; see `side_by_side`."""

    def __init__(self, connections: list[Connection]) -> None:
        self._connections = connections

    def train(self, epochs: int) -> list[dict[str, float]]:
        """Let every process train so many epochs, wait until all have, and return all metrics.

        Raises:
            RuntimeError: One could not; the message has the last line of its error.
        """
        for connection in self._connections:
            connection.send(epochs)
        return [metrics for answer in self.wait() for metrics in answer]

    def memory(self) -> Memory:
        """Return what the device holds while every process has what it took for its training."""
        self._connections[0].send(None)
        found: Memory = _answer(self._connections[0])
        return found

    def wait(self) -> list[Any]:
        """Wait until every process has answered, and return what."""
        return [_answer(connection) for connection in self._connections]


@contextmanager
def side_by_side(count: int, work: Work) -> Iterator[SideBySide]:
    """Let so many processes exist inside the block, each with the training ready to begin.

    Raises:
        RuntimeError: One could not be made ready.
    """
    with ExitStack() as stack:
        processes = SideBySide([stack.enter_context(_one(work, seed)) for seed in range(count)])
        processes.wait()
        yield processes


@contextmanager
def _one(work: Work, seed: int) -> Iterator[Connection]:
    context = get_context("spawn")  # CUDA does not survive a fork
    here, there = context.Pipe()
    process = context.Process(target=_serve, args=(there, work, seed))
    process.start()
    there.close()
    try:
        yield here
    finally:
        here.close()
        process.join(_LAST_WISHES)
        process.kill()
        process.join()


def _answer(connection: Connection) -> Any:
    try:
        answer = connection.recv()
    except (EOFError, ConnectionError):
        raise RuntimeError("a process ended early") from None
    if isinstance(answer, str):
        raise RuntimeError(answer)
    return answer


def _serve(there: Connection, work: Work, seed: int) -> None:
    """Train as told until nobody tells any more; an error is told as text, and is the end."""
    try:
        training = _start(work, seed)
        there.send(None)
        while True:
            epochs = there.recv()
            if epochs is None:
                there.send(device_memory(work.numerics.device))
                continue
            metrics = []
            for _ in range(epochs):
                if training.over:  # it diverged: its speed is all that is asked for
                    training = _start(work, seed)
                metrics.append(next(training).metrics)
            there.send(metrics)
    except (EOFError, ConnectionError):
        return
    except Exception as error:
        there.send((str(error).strip() or type(error).__name__).splitlines()[-1])


def _start(work: Work, seed: int) -> Training:
    for source in work.sources:
        load_source(source)
    recipe = Recipe.parse(work.recipe).with_epochs(ENDLESS)
    if work.resident:  # what is laid out of them stays with them
        Batches(work.resident, recipe.augmentation, recipe.batch_size, work.numerics)
    return train(recipe, seed, work.train, work.validation, work.numerics, work.num_classes)


def device_memory(device: Device) -> Memory:
    """Return the memory of this process's GPU; without one, of the machine."""
    if device == "cuda":
        torch.cuda.synchronize()
        free, capacity = torch.cuda.mem_get_info()
    else:
        page = os.sysconf("SC_PAGE_SIZE")
        free, capacity = (page * os.sysconf(f"SC_{kind}_PAGES") for kind in ("AVPHYS", "PHYS"))
    return Memory(capacity - free, capacity)

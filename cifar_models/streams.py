"""Named random streams: every use of chance in a training draws from a stream of its own.

One global generator does not pair two variants: an extra layer shifts every later draw. A stream is
derived from the seed, a purpose and a key, so that the order of images in epoch 7 is the same
whatever the network is, and a training can go on at any epoch without a saved generator.
"""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal

import torch
from torch import Tensor, nn

from cifar_models.fixed_streams import Purpose

Use = Purpose | Literal["diagnostics"]
"""What draws: a training, or what looks at it and never changes it."""


def stream(seed: int, purpose: Use, *key: int | str) -> int:
    """Return the 63-bit seed of the stream named ``purpose`` and ``key`` under ``seed``."""
    name = "/".join(map(str, (seed, purpose, *key)))
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") >> 1


def generator(seed: int, purpose: Use, *key: int | str) -> torch.Generator:
    """Return a CPU generator at the start of a stream; the CPU's, so that every device agrees."""
    return torch.Generator().manual_seed(stream(seed, purpose, *key))


@contextmanager
def global_stream(seed: int, purpose: Use, *key: int | str) -> Iterator[None]:
    """Let torch's global generators draw from a stream inside the block, and restore them after."""
    with torch.random.fork_rng(_accelerators()):
        torch.manual_seed(stream(seed, purpose, *key))
        yield


def _accelerators() -> list[int]:
    """Return the devices, but for the CPU, whose global generator is at work in this process."""
    if torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
        return [torch.cuda.current_device()]
    return [0] if torch.backends.mps.is_available() else []


def initialise(model: nn.Module, seed: int, draw: Callable[[nn.Module], None]) -> None:
    """Draw every module's weights from a stream named by its path, in place.

    Two networks that share a module path and shape share its initial weights.

    Args:
        model: What is initialised.
        seed: Of the training.
        draw: Draws the weights of one module.
    """
    for path, module in model.named_modules():
        if callable(getattr(module, "reset_parameters", None)):
            with global_stream(seed, "init", path):
                draw(module)


def uniforms(seed: int, epoch: int, name: str, rows: int, columns: int) -> Tensor:
    """Return the draws of one augmentation in one epoch: float32 (rows, columns) in [0, 1).

    Row i belongs to image i of the training set, whichever batch it falls into.
    """
    return torch.rand(rows, columns, generator=generator(seed, "augment", name, epoch))

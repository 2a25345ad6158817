"""Numerics: what moves the numbers of a training besides recipe, seed and data."""

from collections.abc import Callable
from typing import Annotated, Literal

import torch
from pydantic import Field

from cifar_models.component import Frozen
from cifar_models.memory import want_of_memory
from cifar_models.processor import has_amx_bf16
from cifar_models.recipe import Recipe

Device = Literal["cpu", "cuda", "mps"]
Precision = Literal["fp32", "bf16", "fp16"]

Capability = tuple[int, int]
"""CUDA's compute capability: which numbers a GPU multiplies by itself."""

VOLTA: Capability = (7, 0)
AMPERE: Capability = (8, 0)

_DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


class Numerics(Frozen):
    """Fixed by whoever plans a trial, never by the worker that runs it.

    With equal numerics a training is equal bit for bit on the CPU.
    """

    device: Device = "cpu"
    precision: Precision = "fp32"
    channels_last: bool = True
    threads: Annotated[int, Field(gt=0)] = 1
    """Threads of the CPU: 20 steps of a small net end elsewhere on 2 threads than on 1."""

    @property
    def dtype(self) -> torch.dtype:
        """The type in which the network computes."""
        return _DTYPES[self.precision]

    @property
    def memory_format(self) -> torch.memory_format:
        """The layout of the network's weights and activations."""
        return torch.channels_last if self.channels_last else torch.contiguous_format


def native(device: Device) -> Precision:
    """Return the precision in which a device of this machine trains fastest.

    That is bf16 on a CPU with AMX, and fp32 on others and on Apple's GPU; of CUDA's see `of_a_gpu`.
    """
    if device == "cuda":
        return of_a_gpu(torch.cuda.get_device_capability())
    return "bf16" if device == "cpu" and has_amx_bf16() else "fp32"


def resolve(
    recipe: Recipe, device: Device, threads: int = 1,
    auto: Callable[[Device], Precision] = native,
) -> Numerics:  # fmt: skip
    """Choose what the recipe leaves open, by a fixed rule and never by a timing.

    Args:
        recipe: May name a precision.
        device: To train on.
        threads: Of the CPU.
        auto: Tells the precision of a recipe that names none; by default this machine's.
    """
    precision = auto(device) if recipe.precision == "auto" else recipe.precision
    return Numerics(device=device, precision=precision, threads=threads)


def of_a_gpu(capability: Capability) -> Precision:
    """Return bf16 from Ampere on, fp16 on Volta and Turing, which emulate bf16, and fp32 before."""
    if capability >= AMPERE:
        return "bf16"
    return "fp16" if capability >= VOLTA else "fp32"


def require(device: Device) -> None:
    """Check that this machine has such a device.

    Raises:
        ValueError: It has none.
    """
    present = {"cpu": True, "cuda": torch.cuda.is_available(),
               "mps": torch.backends.mps.is_available()}  # fmt: skip
    if not present[device]:
        raise ValueError(f"this machine has no {device} device; choose another, such as cpu")


def lost(device: Device) -> bool:
    """Whether this process cannot use its GPU, or no more: as after a fault of the hardware.

    A kernel's own assertion has the same effect. A GPU without room for one more process is not
    lost.
    """
    try:
        if device == "cuda":
            torch.cuda.synchronize()
    except (RuntimeError, AssertionError) as error:  # the latter of a torch without CUDA
        return want_of_memory(error) is None
    return False


def best_device() -> Device:
    """Return the kind of the fastest device of this machine."""
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"

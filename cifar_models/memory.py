"""How much memory a training takes, and what torch says when there is none left."""

import resource
import sys

import torch

_HOST = ("can't allocate memory", "HOST_ALLOCATION_FAILED")
"""What the CPU's allocator says, and cuDNN of it."""
_GPU = ("out of memory", "_ALLOC_FAILED", "DEVICE_ALLOCATION_FAILED", "_STATUS_NOT_INITIALIZED")
"""What those GPU errors say that have no class of their own: of CUDA, cuBLAS and cuDNN.

The last two are not initialised where there is no room for their handles.
"""


def want_of_memory(error: Exception) -> str | None:
    """Return the first line of an error that means that memory ran out, else None."""
    kinds = (MemoryError, torch.OutOfMemoryError)
    told = isinstance(error, RuntimeError) and any(words in str(error) for words in (*_HOST, *_GPU))
    if not (told or isinstance(error, kinds)):
        return None
    return str(error).strip().partition("\n")[0] or "out of memory"


def of_a_gpu(error: Exception) -> bool:
    """Whether it was a GPU's memory that ran out, not the machine's."""
    told = isinstance(error, RuntimeError) and any(words in str(error) for words in _GPU)
    return told or isinstance(error, torch.OutOfMemoryError)


def peak_memory(device: str) -> float:
    """Return the peak memory of the GPU's allocator, or of this process, in MiB."""
    if device == "cuda":
        return float(torch.cuda.max_memory_allocated()) / 2**20
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return float(peak) / (2**20 if sys.platform == "darwin" else 2**10)

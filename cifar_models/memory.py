"""What torch says when there is no memory left, in several forms."""

import torch

_WORDS = ("can't allocate memory", "out of memory")
"""Of the CPU's allocator, and of those GPU errors that have no class of their own."""


def want_of_memory(error: Exception) -> str | None:
    """Return the first line of an error that means that memory ran out, else None."""
    kinds = (MemoryError, torch.OutOfMemoryError)
    told = isinstance(error, RuntimeError) and any(words in str(error) for words in _WORDS)
    if not (told or isinstance(error, kinds)):
        return None
    return str(error).strip().partition("\n")[0] or "out of memory"

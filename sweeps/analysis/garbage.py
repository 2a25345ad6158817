"""Python's garbage collector, kept from passing over what is there to stay."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def spared() -> Iterator[None]:
    """Let the collector leave alone what exists now.

    Each of its full rounds passes over all that torch, Ray and MLflow have loaded, 0.25 s a round,
    and a driver that writes 8,000 points has one. Where something is spared already, that stays.
    """
    if gc.get_freeze_count():
        yield
        return
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()  # what is frozen at the end of Python is reported by some libraries as lost

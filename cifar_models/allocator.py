"""The C library's allocator, set up for a training: freed memory is kept, and used again."""

import ctypes
import sys
from functools import cache

_TRIM_THRESHOLD, _TOP_PAD, _MMAP_MAX = -1, -2, -4  # of mallopt(3)


@cache
def keep_freed_memory() -> None:
    """Let this process keep the memory that it frees; done once, and without effect outside glibc.

    The activations of a step are freed and asked for again in the next. By default glibc gives
    large blocks back at once, and the system clears every page anew: a third of the processor time
    of a small network.
    """
    if sys.platform != "linux":
        return
    library = ctypes.CDLL(None)
    try:
        set_option = library.mallopt
    except AttributeError:  # another C library
        return
    set_option(_MMAP_MAX, 0)
    set_option(_TRIM_THRESHOLD, 2**31 - 1)
    set_option(_TOP_PAD, 2**28)

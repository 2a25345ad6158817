"""Arms in processes of their own: none inherits another's allocator, threads or settings."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from multiprocessing import get_context, get_start_method, set_start_method
from multiprocessing.connection import Connection

from benchmarks.harness.windows import Arm

Make = Callable[[], Arm]
"""A function, or a `functools.partial` of one, that other processes can import."""

_LAST_WISHES = 10.0  # seconds that a process has to end by itself


@contextmanager
def apart(*makes: Make) -> Iterator[list[Arm]]:
    """Let each arm be made, and live until the end of the block, in a process of its own.

    Raises:
        RuntimeError: Such a process ended early; why stands on its standard error.
    """
    with ExitStack() as stack:
        yield [stack.enter_context(_one_apart(make)) for make in makes]


@contextmanager
def _one_apart(make: Make) -> Iterator[Arm]:
    context = get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_serve, args=(there, make, get_start_method()))
    process.start()
    there.close()

    def run() -> float:
        here.send("run")
        work: float = here.recv()
        return work

    def prepare() -> None:
        here.send("prepare")
        here.recv()

    try:
        yield Arm(here.recv(), run, prepare)
    except (EOFError, BrokenPipeError):
        raise RuntimeError("the process of an arm ended early: see above") from None
    finally:
        here.close()
        process.join(_LAST_WISHES)
        process.kill()
        process.join()


def _serve(there: Connection, make: Make, start_method: str) -> None:
    """Make the arm, then do what is asked until nobody asks any more."""
    # a child would start its own as it was started itself: a DataLoader's workers took seconds
    set_start_method(start_method, force=True)
    arm = make()
    there.send(arm.name)
    while True:
        try:
            what = there.recv()
        except EOFError:
            return
        if what == "prepare":
            arm.prepare()
        there.send(arm.run() if what == "run" else None)

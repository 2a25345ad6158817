import multiprocessing
import os
from functools import partial

import pytest

from benchmarks.harness import Arm, alternate, apart


def counting(name: str) -> Arm:
    """Return an arm whose work is the number of its preparations."""
    prepared: list[int] = []
    return Arm(name, lambda: float(len(prepared)), lambda: prepared.append(1))


def telling_its_process() -> Arm:
    return Arm("pid", lambda: float(os.getpid()))


def dying() -> Arm:
    return Arm("dying", lambda: os._exit(3))


def test_each_arm_has_a_process_and_keeps_its_state() -> None:
    with apart(partial(counting, "a"), partial(counting, "b"), telling_its_process) as arms:
        windows = alternate(arms, rounds=2, patience=0)
        pid = int(arms[2].run())
    assert [window.work for window in windows if window.arm == "a"] == [2.0, 3.0]
    assert pid != os.getpid()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_process_that_dies_is_told() -> None:
    with pytest.raises(RuntimeError, match="ended early"), apart(dying) as (arm,):
        arm.run()


def telling_how_it_starts_others() -> Arm:
    return Arm(multiprocessing.get_start_method(), lambda: 0.0)


def test_workers_of_an_arm_start_as_in_any_program() -> None:
    with apart(telling_how_it_starts_others) as (arm,):
        assert arm.name == multiprocessing.get_start_method()

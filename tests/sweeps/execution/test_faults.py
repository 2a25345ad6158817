"""Which loss of a worker ends a trial, and how."""

import pytest
from ray.exceptions import ActorDiedError, OutOfMemoryError, RayActorError

from sweeps.execution.faults import CHANCES, Fault, Faults, MemoryKill, TimedOut, fault_of

REPORT = """2 worker(s) were killed due to the node running low on memory. Memory on the node \
(IP: 10.0.0.2, ID: 99f1) was 6.85GB used / 23.54GB limit (0.291103)
Considered workers: [
Selected to kill: (Actor(aa01): job ID=01, task name=A.__init__, pid=1, actual memory used=0.04GB)
Selected to kill: (Actor(bb02): job ID=01, task name=A.__init__, pid=2, actual memory used=1.69GB)
Not selected: (Actor(cc03): job ID=01, task name=A.__init__, pid=3, actual memory used=9.99GB)
]"""
DEAD = ActorDiedError()
NODE = RayActorError("aa01", "The actor died because its node has died. Node Id: ecebd")


def losses_until_given_up(fault: Fault, faults: Faults, epochs: int = 0, most: int = 20) -> int:
    return next(n for n in range(1, most) if not faults.survives("a", epochs, fault))


@pytest.mark.parametrize(
    ("error", "cause", "status"),
    [
        (DEAD, "died", "interrupted"),
        (OSError("no such share"), "died", "interrupted"),
        (NODE, "with their node", "interrupted"),
        (OutOfMemoryError(REPORT), "killed for memory", "interrupted"),
        (MemoryKill("bb02", REPORT), "killed for memory", "out_of_memory"),
        (MemoryKill("bb02", "in other words"), "killed for memory", "out_of_memory"),
    ],
)
def test_a_trial_is_given_up_after_several_losses_in_a_row(
    error: Exception, cause: str, status: str
) -> None:
    fault = fault_of(error)
    assert (fault.cause, fault.status) == (cause, status)
    assert losses_until_given_up(fault, Faults()) == CHANCES + 1


def test_an_epoch_in_between_gives_all_chances_back() -> None:
    faults, fault = Faults(), fault_of(DEAD)
    assert all(faults.survives("a", epoch, fault) for epoch in range(20))
    assert losses_until_given_up(fault, faults, epochs=30) == CHANCES + 1


def test_losses_are_counted_by_trial_and_kind() -> None:
    faults = Faults()
    losses_until_given_up(fault_of(DEAD), faults)
    assert faults.survives("b", 0, fault_of(DEAD))
    assert faults.survives("a", 0, fault_of(MemoryKill("bb02", REPORT)))


def test_preemption_uses_no_chances_up() -> None:
    fault = fault_of(RayActorError("aa01", "its node has died: spot", preempted=True))
    faults = Faults()
    assert all(faults.survives("a", 0, fault) for _ in range(50))
    assert faults.told().startswith("Workers lost: 50 preempted.")


def test_of_workers_killed_together_the_largest_is_blamed() -> None:
    innocent, guilty = fault_of(MemoryKill("aa01", REPORT)), fault_of(MemoryKill("bb02", REPORT))
    faults = Faults()
    assert all(faults.survives("a", 0, innocent) for _ in range(50))
    assert guilty.counts
    assert guilty.reason == (
        "Ray's memory monitor killed its worker, which held 1.69 GB, when 6.85 of the node's "
        "23.54 GB were in use"
    )


def test_code_that_a_gpu_s_assertion_ends_fails_at_once() -> None:
    fault = fault_of(RuntimeError("AcceleratorError: CUDA error: device-side assert triggered"))
    assert fault.status == "failed"
    assert "device-side assert" in fault.reason
    assert not Faults().survives("a", 3, fault)


def test_a_trial_that_is_out_of_time_ends_at_once() -> None:
    fault = fault_of(TimedOut("took longer"))
    assert (fault.status, fault.reason) == ("timed_out", "took longer")
    faults = Faults()
    assert not faults.survives("a", 3, fault)
    assert faults.told() == ""


def test_what_was_survived_is_told() -> None:
    faults = Faults()
    for error in (NODE, DEAD, NODE):
        faults.survives("a", 0, fault_of(error))
    assert faults.told() == (
        "Workers lost: 2 with their node, 1 died. Their trials went on from their checkpoints."
    )

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from benchmarks.harness.load import (
    CpuTimes,
    Watch,
    cpu_times,
    foreign_cores,
    megabytes,
    wait_until_idle,
)

BURN = "import time\nend = time.process_time() + 0.5\nwhile time.process_time() < end: pass"

linux = pytest.mark.skipif(not Path("/proc/stat").exists(), reason="Linux tells it in /proc")


def spent(*command: str) -> tuple[float, float]:
    """Return the CPU seconds of the machine and of ourselves while a command runs."""
    before = cpu_times()
    subprocess.run(command, check=True)
    after = cpu_times()
    assert before
    assert after
    return after.machine - before.machine, after.own - before.own


def test_foreign_load_is_what_others_did_a_second() -> None:
    before = CpuTimes(wall=10.0, machine=100.0, own=50.0)
    assert foreign_cores(before, CpuTimes(wall=12.0, machine=104.0, own=53.0)) == 0.5
    assert foreign_cores(before, CpuTimes(wall=12.0, machine=103.0, own=53.5)) == 0.0


@linux
def test_a_child_that_has_ended_is_our_own() -> None:
    machine, own = spent(sys.executable, "-c", BURN)
    assert own >= 0.45
    assert machine >= own - 0.1


@linux
def test_a_grandchild_that_still_runs_is_our_own() -> None:
    before = cpu_times()
    with subprocess.Popen(
        [sys.executable, "-c", f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', "
         f"'''{BURN}\ntime.sleep(60)'''])"],
        process_group=0,
    ) as child:  # fmt: skip
        end = time.monotonic() + 30
        own = 0.0
        while own < 0.45 and time.monotonic() < end:
            time.sleep(0.05)
            after = cpu_times()
            assert before
            assert after
            own = after.own - before.own
        os.killpg(child.pid, 9)
    assert own >= 0.45


@linux
def test_what_was_seen_is_our_own_though_nobody_waits_for_it() -> None:
    # its parent ignores that it ends: the kernel keeps no account of it
    forgetful = (
        "import signal, subprocess, sys\nsignal.signal(signal.SIGCHLD, signal.SIG_IGN)\n"
        f"child = subprocess.Popen([sys.executable, '-c', {BURN.replace('0.5', '1.5')!r}])\n"
        "child.wait()"
    )
    with Watch() as watch:
        _, own = spent(sys.executable, "-c", forgetful)
    assert own < 0.5
    assert watch.seconds > 0.8
    before = CpuTimes(wall=0.0, machine=0.0, own=0.0)
    after = CpuTimes(wall=2.0, machine=1.5, own=0.1)
    assert foreign_cores(before, after, watched=1.3) == pytest.approx(0.1)


@linux
def test_what_leaves_our_tree_is_foreign() -> None:
    detached = (
        f"import os, time\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n"
        f"        exec({BURN!r})\n    os._exit(0)\nos.wait(); time.sleep(1.5)"
    )
    machine, own = spent(sys.executable, "-c", detached)
    assert machine - own >= 0.35


def test_without_proc_the_load_is_unknown(tmp_path: Path) -> None:
    assert cpu_times(tmp_path) is None


def test_waiting_has_an_end() -> None:
    started = time.monotonic()
    wait_until_idle(limit=0.3)
    assert time.monotonic() - started < 2


@linux
def test_memory_of_a_process_contains_that_of_its_children() -> None:
    hold = "import sys; held = bytearray(50 << 20); print(flush=True); sys.stdin.read()"
    nested = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {hold!r}])"
    with subprocess.Popen(
        [sys.executable, "-c", nested], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin
        assert process.stdout
        process.stdout.readline()
        held = megabytes(process.pid)
        process.stdin.close()
    assert 50 < held < 150

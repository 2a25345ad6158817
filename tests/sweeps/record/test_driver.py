"""Who is at work on a state folder, and how to end it."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from sweeps.record.driver import Driver, at_work, find, hold, wait_for_end

HOLDER = """
import sys, time
from pathlib import Path
from sweeps.record.driver import Driver, hold
lock = hold(Path(sys.argv[1]), Driver.here("activations"))
time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Another process that runs a study on the folder, and prints into a file."""
    with (tmp_path / "printed").open("wb") as printed:
        process = subprocess.Popen([sys.executable, "-c", HOLDER, str(tmp_path)], stdout=printed)
    while at_work(tmp_path) is None or not at_work(tmp_path).study:  # type: ignore[union-attr]
        assert process.poll() is None
        time.sleep(0.05)
    yield process
    process.kill()
    process.wait()


def test_others_see_who_it_is_and_where_it_prints(
    tmp_path: Path, holder: subprocess.Popen[bytes]
) -> None:
    driver = at_work(tmp_path)
    assert driver is not None
    assert (driver.process, driver.study) == (holder.pid, "activations")
    assert driver.output == str(tmp_path / "printed")
    assert driver.lives
    assert time.time() - 60 < driver.since <= time.time()
    said = rf"another driver is at work on .*process {holder.pid} on .*, study activations.*stop"
    with pytest.raises(ValueError, match=said):
        hold(tmp_path, Driver.here())
    assert find(tmp_path) == find(tmp_path, "activations") == driver
    with pytest.raises(ValueError, match=r"study schedules does not run .*study activations does"):
        find(tmp_path, "schedules")


def test_it_can_be_ended_and_waited_for(tmp_path: Path, holder: subprocess.Popen[bytes]) -> None:
    driver = find(tmp_path)
    assert not wait_for_end(tmp_path, driver, 0.1)
    driver.signal(signal.SIGTERM)
    assert wait_for_end(tmp_path, driver, 30)
    assert holder.wait() == -signal.SIGTERM
    assert not driver.lives
    driver.signal(signal.SIGTERM)  # too late, and no matter
    with pytest.raises(ValueError, match="nothing runs"):
        find(tmp_path)


def test_a_process_of_another_host_is_not_touched(
    tmp_path: Path, holder: subprocess.Popen[bytes]
) -> None:
    elsewhere = replace(find(tmp_path), host="elsewhere")
    with pytest.raises(ValueError, match=r"on elsewhere.* give the command there"):
        elsewhere.signal(signal.SIGKILL)
    assert holder.poll() is None
    assert not elsewhere.lives


def test_who_only_looks_keeps_nobody_out(tmp_path: Path) -> None:
    for _ in range(3):
        hold(tmp_path, Driver.here()).close()
        assert at_work(tmp_path) is None


def test_a_lock_of_another_version_is_a_driver_unknown(tmp_path: Path) -> None:
    with hold(tmp_path, Driver.here()) as lock:
        for text in ("process 12 on head", json.dumps({"other": 1})):
            lock.truncate(0)
            lock.write(text)
            lock.flush()
            assert at_work(tmp_path) == Driver(0, "unknown")

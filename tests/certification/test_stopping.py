"""Drivers that are asked to stop, once or twice."""

import os
import signal
import time
from pathlib import Path

import pytest

from tests.certification import victims
from tests.certification.evidence import Evidence
from tests.certification.studies import ABLATION

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.mark.parametrize(("number", "times"), [(signal.SIGINT, 1), (signal.SIGTERM, 2)])
def test_a_signal_ends_a_run_that_can_go_on(
    number: signal.Signals, times: int, tmp_path: Path
) -> None:
    ABLATION.write(tmp_path / "study")
    evidence = Evidence(tmp_path / "study")
    driver = victims.start(evidence.folder)
    victims.wait_for_lines(driver, evidence.state / "journal.jsonl", 25)
    assert driver.poll() is None, "it ended before it was asked to"
    below = victims.descendants(driver.pid)
    for _ in range(times):
        driver.send_signal(number)
        time.sleep(0.3)
    assert driver.wait(30) == 130
    assert "Nothing is lost" in (evidence.folder / "output").read_text()
    assert not [process for process in below if _alive(process)]
    stopped = evidence.outcome()
    assert {known["status"] for known in stopped.values()} <= {"pending", "finished", "interrupted"}

    assert victims.start(evidence.folder).wait() == 0
    ended = evidence.outcome()
    assert {known["status"] for known in ended.values()} == {"finished"}
    for trial, known in stopped.items():
        assert known["curve"].items() <= ended[trial]["curve"].items(), "what was done stands"
    assert (evidence.duplicates(), evidence.lost()) == (0, 0)


def _alive(process: int) -> bool:
    """Whether a process is there, and is not only waiting to be buried."""
    try:
        os.kill(process, 0)
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False

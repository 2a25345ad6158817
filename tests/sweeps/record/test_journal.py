import contextlib
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sweeps.record.journal import FILE, Journal, Unwritable, read_records
from tests.sweeps.record.small import FACTS, metrics, record, spec

DRIVER = """
import sys, time
from pathlib import Path
from sweeps.record.journal import Journal
journal = Journal(Path(sys.argv[1]))
journal.append("outcome", "a", status="failed")
print("ready", flush=True)
time.sleep(60)
"""


def test_every_event_is_one_line_on_disk_at_once(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    for number in range(1, 4):
        journal.append("outcome", "a", status="failed", reason="a\nb")
        lines = (tmp_path / FILE).read_bytes().split(b"\n")
        assert len(lines) == 1 + number + 1  # the format, the events, and after the last newline
        assert lines[-1] == b""
    event = json.loads(lines[-2])
    assert (event["event"], event["trial"]) == ("outcome", "a")
    assert event["time"] == pytest.approx(time.time(), abs=60)
    journal.close()


def test_a_restarted_driver_has_the_same_records(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    record(journal, spec(0), 0.1, 0.3, 0.2)
    record(journal, spec(1), 0.1, end="stopped", study="other")
    journal.append("test", spec(0).id, selection="last", metrics={"accuracy": 0.25})
    journal.append("outcome", spec(2).id, status="out_of_memory", reason="too much")
    journal.close()
    again = Journal(tmp_path)
    assert again.trials == journal.trials == read_records(tmp_path)
    again.close()

    done = again[spec(0).id]
    assert (done.status, done.epochs, done.facts) == ("finished", 3, FACTS)
    assert done.spec == spec(0).to_json()
    assert done.metric("validation/accuracy") == 0.2
    assert done.metric("validation/accuracy", "best") == 0.3
    assert done.metric("learned") is None
    assert done.tests == {"last": {"accuracy": 0.25}}
    lost = again[spec(2).id]
    assert (lost.status, lost.reason, lost.epochs) == ("out_of_memory", "too much", 0)
    assert lost.metric("train/loss") is None
    assert lost.ended("any")


def test_an_unknown_trial_is_pending_and_not_kept(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    assert journal["new"].status == "pending"
    assert not journal["new"].ended("small")
    assert journal.trials == {}
    journal.close()


def test_taking_an_event_in_twice_changes_nothing(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    trial = record(journal, spec(), 0.1, 0.2, end="stopped")
    journal.close()
    once = read_records(tmp_path)
    lines = (tmp_path / FILE).read_text(encoding="utf-8")
    (tmp_path / FILE).write_text(lines + lines, encoding="utf-8")
    assert read_records(tmp_path) == once
    assert once[trial.id].epochs == 2


def test_stopped_is_the_decision_of_one_study(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    trial = record(journal, spec(), 0.1, end="stopped", study="search").id
    assert journal[trial].ended("search")
    assert not journal[trial].ended("other")
    record(journal, spec(), 0.1, 0.2, 0.3, study="other")
    assert journal[trial].status == "finished"
    assert journal[trial].ended("search")
    assert journal[trial].ended("third")
    journal.close()


def test_a_running_or_interrupted_trial_has_not_ended(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    trial = record(journal, spec(), 0.1, end="running").id
    assert not journal[trial].ended("small")
    journal.append("outcome", trial, status="interrupted")
    assert not journal[trial].ended("small")
    journal.append("result", trial, epoch=2, status="finished", metrics=metrics(2), study="small")
    assert journal[trial].ended("small")
    journal.close()


def test_a_forgotten_trial_is_new_also_after_a_restart(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    trial = record(journal, spec(), 0.1, 0.2).id
    journal.append("forgotten", trial)
    assert journal[trial].status == "pending"
    assert journal[trial].epochs == 0
    journal.close()
    assert read_records(tmp_path)[trial] == journal[trial]


def test_a_torn_last_line_is_cut_and_not_continued(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    trial = record(journal, spec(), 0.1, 0.2).id
    journal.close()
    whole = (tmp_path / FILE).read_bytes()
    (tmp_path / FILE).write_bytes(whole[:-30])
    assert read_records(tmp_path)[trial].epochs == 1
    again = Journal(tmp_path)
    assert again[trial].epochs == 1
    again.append("result", trial, epoch=2, status="finished", metrics=metrics(2), study="small")
    again.close()
    assert read_records(tmp_path)[trial] == again[trial]
    assert read_records(tmp_path)[trial].epochs == 2


@pytest.mark.parametrize("garbage", [b'{"event": "resu\n', b"\x00\xff\x00\n", b"17\n", b"\n"])
def test_a_garbage_line_in_the_middle_is_passed_over(tmp_path: Path, garbage: bytes) -> None:
    journal = Journal(tmp_path)
    trial = record(journal, spec(), 0.1, end="running").id
    journal.close()
    with (tmp_path / FILE).open("ab") as stream:
        stream.write(garbage)
    again = Journal(tmp_path)
    record(again, spec(), 0.1, 0.2)
    again.close()
    assert read_records(tmp_path)[trial].epochs == 2


def test_a_second_driver_is_refused_until_the_first_is_killed(tmp_path: Path) -> None:
    first = subprocess.Popen(
        [sys.executable, "-c", DRIVER, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert first.stdout is not None
    with first, first.stdout:
        assert first.stdout.readline() == "ready\n"
        with pytest.raises(ValueError, match=f"another driver is at work .*process {first.pid} "):
            Journal(tmp_path)
        assert read_records(tmp_path)["a"].status == "failed"  # looking needs no lock
        first.send_signal(signal.SIGKILL)
        first.wait()
        journal = Journal(tmp_path)
        assert journal["a"].status == "failed"
        journal.close()


def test_close_frees_the_folder(tmp_path: Path) -> None:
    Journal(tmp_path).close()
    with pytest.raises(ValueError, match="another driver"):
        _two(tmp_path)
    Journal(tmp_path).close()


def _two(folder: Path) -> None:
    first = Journal(folder)
    try:
        Journal(folder)
    finally:
        first.close()


@pytest.mark.parametrize("below", ["", "runs/state"])
def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path: Path, below: str) -> None:
    (tmp_path / "file").write_text("no folder", encoding="utf-8")
    with pytest.raises(ValueError, match=r"cannot write .*file.*; give another --state"):
        Journal(tmp_path / "file" / below)
    with pytest.raises(ValueError, match="cannot write /proc/sweeps"):
        Journal(Path("/proc/sweeps") / below)


def test_another_format_is_a_sentence_and_frees_the_folder(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text('{"event": "journal", "format": 99}\n', encoding="utf-8")
    for _ in range(2):
        with pytest.raises(ValueError, match="has format 99, this version reads 1"):
            Journal(tmp_path)
    with pytest.raises(ValueError, match="has format 99"):
        read_records(tmp_path)


def test_reading_changes_nothing_on_disk(tmp_path: Path) -> None:
    assert read_records(tmp_path / "nowhere") == {}
    assert not (tmp_path / "nowhere").exists()
    journal = Journal(tmp_path)
    record(journal, spec(), 0.1)
    journal.close()
    file = tmp_path / FILE
    file.write_bytes(file.read_bytes()[:-5])
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in tmp_path.iterdir()}
    read_records(tmp_path)
    assert before == {
        path: (path.read_bytes(), path.stat().st_mtime_ns) for path in tmp_path.iterdir()
    }


def test_a_full_disk_is_told_once_and_what_was_written_stands(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.append("trial", "a", spec={"seed": 1})
    before = (tmp_path / "journal.jsonl").read_bytes()
    with Path("/dev/full").open("w") as full:
        journal._stream = full
        with pytest.raises(Unwritable, match=r"journal.jsonl: No space left on device"):
            journal.append("started", "a", facts={})
        journal.append("outcome", "a", status="interrupted")  # affairs are put in order
        with contextlib.suppress(OSError):
            full.close()
    assert journal["a"].status == "interrupted"
    journal.close()
    assert (tmp_path / "journal.jsonl").read_bytes() == before

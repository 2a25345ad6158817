import errno
import fcntl
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from sweeps.record import server_process as module
from sweeps.record.server_process import at_work, end, hold, note

ENDS = "import time; time.sleep(60)"
STAYS = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); {ENDS}"


@pytest.fixture
def begin(tmp_path: Path) -> Iterator[list[subprocess.Popen[bytes]]]:
    """All processes that were started; they are ended."""
    begun: list[subprocess.Popen[bytes]] = []
    yield begun
    for process in begun:
        process.kill()
        process.communicate()


def serve(folder: Path, code: str) -> subprocess.Popen[bytes]:
    """Start a process that holds a folder as a server does."""
    with hold(folder) as lock:
        process = subprocess.Popen(
            [sys.executable, "-S", "-c", code], pass_fds=[lock.fileno()],
            start_new_session=True, stdout=subprocess.PIPE,
        )  # fmt: skip
        note(lock, process.pid, "http://127.0.0.1:5000")
    return process


def test_the_one_that_holds_a_folder_is_ended(
    tmp_path: Path, begin: list[subprocess.Popen[bytes]]
) -> None:
    begin.append(serve(tmp_path, ENDS))
    server = at_work(tmp_path)
    assert server is not None
    assert server.process == begin[0].pid
    with pytest.raises(ValueError, match=f"at work already .process {server.process} on "):
        hold(tmp_path)
    assert end(tmp_path) == server
    assert begin[0].wait(10) == -signal.SIGTERM
    assert at_work(tmp_path) is None
    assert end(tmp_path) is None, "twice is as once"


def test_one_that_does_not_listen_is_killed(
    tmp_path: Path, begin: list[subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_PATIENCE", 0.3)
    begin.append(serve(tmp_path, STAYS))
    assert begin[0].stdout is not None
    begin[0].stdout.readline()
    end(tmp_path)
    assert begin[0].wait(10) == -signal.SIGKILL


def test_a_number_that_another_process_has_by_now_is_left_alone(
    tmp_path: Path, begin: list[subprocess.Popen[bytes]]
) -> None:
    begin.append(serve(tmp_path, ENDS))
    begin[0].kill()
    begin[0].wait()
    other = subprocess.Popen([sys.executable, "-S", "-c", ENDS], start_new_session=True)
    begin.append(other)
    file = tmp_path / "server.lock"
    file.write_text(file.read_text().replace(str(begin[0].pid), str(other.pid)))
    assert end(tmp_path) is None
    assert other.poll() is None


def test_one_of_another_host_is_named(tmp_path: Path, begin: list[subprocess.Popen[bytes]]) -> None:
    begin.append(serve(tmp_path, ENDS))
    file = tmp_path / "server.lock"
    file.write_text(file.read_text().replace(os.uname().nodename, "elsewhere"))
    with pytest.raises(ValueError, match=r"on elsewhere, .* and here is"):
        end(tmp_path)
    assert begin[0].poll() is None


def test_a_folder_that_cannot_be_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ValueError, match="Not a directory; give another --folder"):
        hold(tmp_path / "file" / "mlflow")
    with pytest.raises(ValueError, match="cannot read"):
        end(tmp_path / "file" / "mlflow")


def test_a_disk_without_locks_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.flock", refuse)
    with pytest.raises(ValueError, match="No locks available; give another --folder"):
        hold(tmp_path)


def test_who_only_looks_keeps_nobody_out(tmp_path: Path) -> None:
    hold(tmp_path).close()
    onlooker = (tmp_path / "server.lock").open(encoding="utf-8")
    fcntl.flock(onlooker, fcntl.LOCK_SH)
    gone = threading.Timer(0.05, onlooker.close)
    gone.start()
    hold(tmp_path).close()
    gone.join()


def test_a_folder_that_is_not_there_has_none(tmp_path: Path) -> None:
    assert at_work(tmp_path / "none") is None
    assert not (tmp_path / "none").exists()

"""`sweeps run --detach`: a study that needs no terminal."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from sweeps.commands.detach import detach
from sweeps.record.driver import find
from tests.sweeps.commands.command_line import TINY, assert_a_sentence

LONG = TINY.replace('"epochs": 9', '"epochs": 60')


def sweeps(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run `sweeps` as a user's shell does, in a session of its own that then ends."""
    return subprocess.run(
        [sys.executable, "-m", "sweeps", *words], cwd=folder, capture_output=True, text=True,
        check=False, start_new_session=True, env=os.environ | {"COLUMNS": "120"},
    )  # fmt: skip


def test_what_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    said = sweeps(tmp_path, "run", "--detach", "--study", "none.py", "--max-concurrent", "1")
    assert_a_sentence(said.returncode, said.stdout, said.stderr, "none.py")


def test_who_does_not_await_its_start_leaves_nothing_running(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_: Path) -> None:
        raise KeyboardInterrupt

    started: list[subprocess.Popen[bytes]] = []
    popen = subprocess.Popen

    def start(*args: Any, **options: Any) -> subprocess.Popen[bytes]:
        started.append(popen(*args, **options))
        return started[0]

    endless = [sys.executable, "-c", "import time; time.sleep(60)", "--detach"]
    monkeypatch.setattr(sys, "orig_argv", endless)
    monkeypatch.setattr(subprocess, "Popen", start)
    monkeypatch.setattr("sweeps.record.driver.at_work", interrupted)
    with pytest.raises(KeyboardInterrupt):
        detach(tmp_path)
    assert started[0].wait(30) == -signal.SIGTERM


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_study_runs_on_without_a_terminal_and_is_stopped_and_gone_on_with(tmp_path: Path) -> None:
    (tmp_path / "tiny.py").write_text(LONG, encoding="utf-8")
    begin = ("run", "--study", "tiny.py", "--detach", "--max-concurrent", "1")
    said = sweeps(tmp_path, *begin)
    assert said.returncode == 0, said.stdout + said.stderr
    assert "study tiny runs in the background" in said.stdout
    first = find(tmp_path / "runs", "tiny")
    assert os.getsid(first.process) == first.process, "it shares the terminal's session"

    printed = Path(first.output)
    before = printed.stat().st_size
    twice = sweeps(tmp_path, *begin)
    assert_a_sentence(twice.returncode, twice.stdout, twice.stderr, "another driver is at work on")
    assert printed.stat().st_size >= before, "what the first one has printed is gone"

    stopped = sweeps(tmp_path, "stop", "--study", "tiny")
    assert stopped.returncode == 0, stopped.stderr
    assert "Nothing runs" in sweeps(tmp_path, "status").stdout

    assert sweeps(tmp_path, *begin).returncode == 0
    second = find(tmp_path / "runs", "tiny")
    attached = sweeps(tmp_path, "attach")
    assert attached.returncode == 0, attached.stderr
    assert re.search(r"relu \(baseline\).*\n.*tanh", attached.stdout), "the table is missing"
    with pytest.raises(ProcessLookupError):
        os.kill(second.process, signal.SIG_DFL)

"""Arms that run once a window, in processes of their own."""

import os
from functools import partial

import pytest

from benchmarks.harness.once import Once, in_fresh_process
from tests.benchmarks.harness.measured import window


def test_the_process_is_another_and_has_nobodys_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_SOMETHING", "1")
    assert in_fresh_process(os.getpid) != os.getpid()
    assert in_fresh_process(partial(os.getenv, "RAY_SOMETHING")) is None


def test_what_a_discarded_window_gave_does_not_count() -> None:
    once = Once("ours", 1, os.getpid)
    once.results = [1, 2, 3]
    windows = [
        window("ours", 0, 1.0),
        window("stock", 0, 1.0),
        window("ours", 1, 1.0, discarded=True),
        window("ours", 1, 1.0),
    ]
    assert once.kept(windows) == [1, 3]

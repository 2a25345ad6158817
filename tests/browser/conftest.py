import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.chromium import PROGRAMS, Chromium, chromium
from tests.browser.studied import record_whole_study


@pytest.fixture(scope="package")
def shots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where screenshots are kept: in $SCREENSHOTS, if it is set."""
    if None in PROGRAMS:
        pytest.skip("no chromium and chromedriver on this machine (Debian: chromium-driver)")
    kept = os.environ.get("SCREENSHOTS")
    folder = Path(kept) if kept else tmp_path_factory.mktemp("shots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="package")
def studied(shots: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The state folder of a study `quickstart`: $DEMO_RUNS, what `make demo` left, or a record."""
    demo = os.environ.get("DEMO_RUNS")
    if demo:
        return Path(demo)
    state = tmp_path_factory.mktemp("studied") / "runs"
    state.mkdir()
    record_whole_study(state)
    return state


@pytest.fixture
def online(shots: Path) -> Iterator[Chromium]:
    with chromium(shots) as window:
        yield window


@pytest.fixture
def offline(shots: Path) -> Iterator[Chromium]:
    with chromium(shots, offline=True) as window:
        yield window

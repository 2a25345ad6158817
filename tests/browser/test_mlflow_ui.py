"""MLflow's own UI on a study: what the README says to click shows what it says."""

import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from selenium.webdriver import Keys

from sweeps.record.results import Results, load
from tests.browser.chromium import Chromium

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

README = Path(__file__).parents[2] / "README.md"
STUDY = "quickstart"
STARTING = 180
OF_OTHERS = ("/users/current", "ERR_NETWORK_CHANGED", "ResizeObserver loop")
"""What MLflow 3.17's own pages ask for in vain; networks that other tests make on this machine; and
a notice of browsers, that a page was laid out again in the next frame."""


@pytest.fixture(scope="module")
def server(studied: Path) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    uri = f"sqlite:///{studied / 'mlflow.db'}"
    command = ["mlflow", "server", "--backend-store-uri", uri, "--port", str(port), "--workers"]
    with subprocess.Popen(
        [sys.executable, "-m", *command, "1"], cwd=studied, start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    ) as process:  # fmt: skip
        address = f"http://127.0.0.1:{port}"
        try:
            wait_for(f"{address}/health")
            yield address
        finally:
            process.terminate()


def wait_for(address: str) -> None:
    """Wait until a server answers: its imports alone may take a minute on a busy machine."""
    end = time.monotonic() + STARTING
    while True:
        try:
            urllib.request.urlopen(address, timeout=5).close()
            return
        except OSError:
            assert time.monotonic() < end, "the server of MLflow does not start"
            time.sleep(0.5)


@pytest.fixture(scope="module")
def results(studied: Path) -> Results:
    return load(STUDY, f"sqlite:///{studied / 'mlflow.db'}")


@pytest.fixture(scope="module")
def ablation(results: Results) -> pd.DataFrame:
    return results.trials[results.trials["role"] == "ablation"].drop_duplicates("trial")


@pytest.fixture
def runs(online: Chromium, server: str) -> Chromium:
    """The list of runs, reached as the README says."""
    online.open(f"{server}/#/experiments")
    online.click("//*[text()='Model training']")
    online.shot("mlflow-experiments")
    online.click("//a[normalize-space()='cifar-sweeps']")
    online.see(f"//a[normalize-space()='{STUDY}']")
    for close in online.driver.find_elements("xpath", "//button[@aria-label='Close']"):
        close.click()  # an assistant that nobody asked for
    yield online
    assert [c for c in online.complaints() if not any(own in c for own in OF_OTHERS)] == []


def ask(page: Chromium, condition: str, count: int) -> None:
    """Filter the runs, and wait until so many match; the study's own run is shown with them."""
    field = page.see("//input[contains(@placeholder, 'metrics.')]")
    field.send_keys(condition, Keys.ENTER)
    page.see(f"//*[normalize-space()='{count + 1} matching runs']")


def told(pattern: str) -> str:
    """Return a filter as the README writes it."""
    (found,) = set(re.findall(rf"``? ?(tags\.`{pattern}.*?\") ?`", README.read_text("utf-8")))
    return found


def test_a_study_is_a_run_that_unfolds_to_its_trials(
    runs: Chromium, ablation: pd.DataFrame
) -> None:
    assert "flips=on seed 0" not in runs.texts("a")
    runs.click(f"//*[@role='row'][.//a[normalize-space()='{STUDY}']]//button")
    runs.see("//a[normalize-space()='flips=on seed 0']")
    assert len([text for text in runs.texts("a") if " seed " in text]) >= min(len(ablation), 10)
    runs.see("//*[@role='gridcell'][contains(., 'shapes (')]")
    runs.shot("mlflow-runs")


@pytest.mark.parametrize("pattern", ["in", "role"])
def test_the_filters_of_the_readme_work(
    runs: Chromium, results: Results, ablation: pd.DataFrame, pattern: str
) -> None:
    all_of_it = results.trials["trial"].nunique()
    ask(runs, told(pattern), all_of_it if pattern == "in" else len(ablation))
    runs.shot(f"mlflow-filter-{pattern}")


def test_levels_are_groups_with_curves_by_epoch(runs: Chromium, ablation: pd.DataFrame) -> None:
    ask(runs, told("role"), len(ablation))
    group(runs, f"level.{STUDY}")
    runs.see("//*[normalize-space()='Group: flips=on']")
    runs.shot("mlflow-groups")
    runs.click("//label[.//input[@value='CHART']]")
    runs.see("//*[normalize-space()='best/validation/accuracy']")
    runs.shot("mlflow-charts")
    runs.see("//input[@placeholder='Search metric charts']").send_keys("^validation/accuracy")
    runs.see("//*[contains(@class, 'scatterlayer')]//*[contains(@class, 'lines')]")
    runs.shot("mlflow-curves")


def test_runs_are_compared_in_parallel_coordinates(runs: Chromium, ablation: pd.DataFrame) -> None:
    group(runs, f"role.{STUDY}")
    row = "//*[@role='row'][.//*[normalize-space()='Group: ablation']]"
    runs.click(f"{row}//*[contains(@class, 'ag-checkbox-input-wrapper')]")
    runs.click("//button[normalize-space()='Compare' and not(@disabled)]")
    runs.see(f"//*[normalize-space()='Comparing {len(ablation)} Runs from 1 Experiment']")
    for axis in ("augmentation", "train/loss"):  # a metric only where all runs have it
        runs.see(f"//*[name()='text'][normalize-space()='{axis}']")
    runs.shot("mlflow-compare")


def group(page: Chromium, tag: str) -> None:
    page.click("//button[contains(., 'Group by')]")
    page.click(f"//*[starts-with(@role, 'menuitem')][normalize-space()='{tag}']")


def test_the_study_is_described_by_its_table(runs: Chromium, results: Results) -> None:
    runs.click(f"//a[normalize-space()='{STUDY}']")
    runs.click("//button[normalize-space()='Show more']")
    shown = runs.see("//table[.//th[contains(., 'resolved')]]")
    assert all(level in shown.text for level in results.trials["level"].dropna().unique())
    runs.shot("mlflow-study")


def test_table_figures_and_report_are_artifacts(
    runs: Chromium, results: Results, server: str
) -> None:
    runs.open(f"{server}/#/experiments/1/runs/{results.parent}/artifacts")
    for name in ("report.html", "table.md", "differences.svg"):
        runs.see(f"//*[normalize-space()='{name}']")
    runs.click("//*[normalize-space()='report.html']")
    frame = runs.see("//iframe")
    runs.shot("mlflow-report")
    runs.driver.switch_to.frame(frame)
    assert runs.see("//h1").text == results.study["question"]
    runs.driver.switch_to.default_content()

import json
import shutil
from pathlib import Path

import pytest

from search_spaces.loading import load_study
from sweeps.execution import timing
from sweeps.execution.cost import Cost
from sweeps.execution.images import ImageStore
from sweeps.execution.plan import Planner
from sweeps.execution.ray_session import plan_resources_here
from sweeps.record.journal import Journal
from tests.sweeps.commands.command_line import SEARCHING, TINY, call, refuse, tree
from tests.sweeps.record.recorded import mirror
from tests.sweeps.record.small import open_runs, record

pytestmark = pytest.mark.usefixtures("unloaded_studies")


def planner_here() -> Planner:
    """Return that of a command without options."""
    return Planner(ImageStore(None), plan_resources_here(1, None, None))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "tiny.py").write_text(TINY, encoding="utf-8")
    (tmp_path / "searching.py").write_text(SEARCHING, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("words", [("plan",), ("run", "--dry-run")])
@pytest.mark.parametrize("study", ["tiny.py", "searching.py"])
def test_a_plan_writes_nothing_at_all(folder: Path, words: tuple[str, ...], study: str) -> None:
    before = tree(folder)
    result = call(*words, "--study", study)
    assert result.exit_code == 0
    assert result.stderr == ""
    assert tree(folder) == before


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("words", [("plan",), ("run", "--dry-run")])
def test_variants_trials_and_rungs_are_told(words: tuple[str, ...]) -> None:
    lines = [" ".join(line.split()) for line in call(*words, "--study", "searching.py")
             .stdout.splitlines()]  # fmt: skip
    assert lines[0] == "searching: Does the activation matter?"
    assert "search 27 0 about 63" in lines  # 27 to epoch 1, 9 to epoch 3, 3 to epoch 9
    assert "selection 2 0 18" in lines
    assert "ablation 4 0 36" in lines
    assert "after epoch 1 about 9 of 27 trials go on" in lines
    assert "after epoch 3 about 3 of 27 trials go on" in lines
    assert any(line.startswith("activation relu (baseline) ") and line.endswith(" 0/2")
               for line in lines)  # fmt: skip
    assert any(line.startswith("activation tanh ") for line in lines)
    assert any("winner, which is not known yet" in line for line in lines)


def test_what_is_done_is_counted_and_left_alone(folder: Path) -> None:
    planned = json.loads(call("plan", "--study", "tiny.py", "--json").stdout)
    assert [arm["done"] for arm in planned["arms"]] == [0, 0]
    study, _ = load_study("tiny.py")
    cells = planner_here().ablation(study.arms(), study.seed_list)
    journal = Journal(folder / "runs")
    record(journal, cells[0].spec, *[0.5] * 9)  # relu, seed 0
    record(journal, cells[1].spec, 0.5, 0.5, end="running")
    journal.close()
    before = tree(folder)
    planned = json.loads(call("plan", "--study", "tiny.py", "--json").stdout)
    assert [(arm["level"], arm["done"]) for arm in planned["arms"]] == [("relu", 1), ("tanh", 0)]
    assert [(p["role"], p["trials"], p["done"], p["epochs"]) for p in planned["phases"]] == [
        ("ablation", 4, 1, 36)
    ]
    assert tree(folder) == before


@pytest.mark.usefixtures("folder")
def test_options_change_the_plan() -> None:
    words = ("plan", "--study", "searching.py", "--json")
    planned = json.loads(call(*words, "--epochs", 3, "--trials", 6, "--seeds", "4,5,6").stdout)
    assert planned["seeds"] == [4, 5, 6]
    assert planned["phases"][0]["rungs"] == [{"epoch": 1, "trials": 2.0}]
    assert planned["phases"][0]["trials"] == 6
    assert planned["numerics"]["threads"] == 1
    limited = json.loads(call(*words, "--max-concurrent", 1).stdout)
    assert limited["slots"] == 1


@pytest.mark.usefixtures("folder")
def test_a_plan_measures_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.device_count", lambda: 2)
    words = ("plan", "--study", "tiny.py", "--gpus-per-trial")
    assert "auto, measured at the start" in call(*words, "auto").stdout
    assert json.loads(call(*words, "auto", "--json").stdout)["slots"] is None
    shared = json.loads(call(*words, "0.5", "--json", "--max-concurrent", 1).stdout)
    assert (shared["slots"], shared["numerics"]["device"]) == (1, "cuda")


def test_a_running_driver_does_not_hold_a_plan_up(folder: Path) -> None:
    journal = Journal(folder / "runs")
    assert call("plan", "--study", "tiny.py").exit_code == 0
    journal.close()
    shutil.rmtree(folder / "runs")


@pytest.mark.usefixtures("folder")
def test_the_price_of_waiting_for_a_cohort_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    words = ("plan", "--study", "searching.py", "--max-concurrent", 2)
    told = call(*words, "--deterministic").stdout
    assert "the search goes in cohorts of 8, each asked for when the last has ended; so 2" in told
    (search, *_) = json.loads(call(*words, "--deterministic", "--json").stdout)["phases"]
    assert 0 < search["idle"] < 1
    assert "cohorts" not in call(*words).stdout
    assert json.loads(call(*words, "--json").stdout)["phases"][0]["idle"] is None
    monkeypatch.setattr("torch.cuda.device_count", lambda: 2)
    shared = call("plan", "--study", "searching.py", "--deterministic", "--gpus-per-trial", "auto")
    assert "each asked for when the last has ended\n" in shared.stdout


def test_a_plan_can_be_written_down(folder: Path) -> None:
    result = call("plan", "--study", "tiny.py", "--register")
    assert result.exit_code == 0
    assert (folder / "runs" / "mlflow.db").exists()
    last = result.stdout.splitlines()[-1]
    assert last.startswith("written down as ")
    assert call("plan", "--study", "tiny.py", "--register").stdout.splitlines()[-1] == last
    other = call("plan", "--study", "tiny.py", "--register", "--seeds", 9)
    assert other.exit_code == 2
    assert "is written down otherwise (seeds)" in other.stderr


@pytest.mark.usefixtures("folder")
def test_sequential_seeds_are_told_at_least_and_at_most_with_their_rule() -> None:
    words = ("--study", "tiny.py", "--seeds", "auto:3,6")
    lines = [" ".join(line.split()) for line in call("plan", *words).stdout.splitlines()]
    assert "ablation 6 to 12 0 at most 108" in lines
    assert any(line.startswith("activation tanh ") and line.endswith(" 0/3") for line in lines)
    (rule,) = [line for line in lines if line.startswith("Looks after")]
    assert rule.startswith("Looks after 3, 6 seeds at accuracy; a level that is told from its")
    assert "Lan-DeMets spending of O'Brien-Fleming type, Holm's method" in rule
    told = json.loads(call("plan", *words, "--json").stdout)
    assert (told["phases"][0]["least"], told["phases"][0]["trials"]) == (6, 12)
    assert told["stopping"] == rule


def test_a_plan_refuses_what_a_run_would(folder: Path) -> None:
    study, _ = load_study("searching.py")
    planner = planner_here()
    cells = planner.ablation(study.arms(), study.seed_list)
    journal = Journal(folder / "runs")
    for cell in cells:
        record(journal, cell.spec, *[0.5] * 9)
    mirror(open_runs(folder / "runs"), journal, study, cells)
    journal.close()
    assert call("plan", "--study", "searching.py").exit_code == 0
    refused = call("plan", "--study", "searching.py", "--seeds", "auto")
    assert refused.exit_code == 2
    assert "has begun with other seeds: decided anew" in refused.stderr


@pytest.mark.usefixtures("folder")
def test_a_stopping_rule_that_is_written_down_stays() -> None:
    words = ("plan", "--register", "--study", "tiny.py", "--seeds")
    assert "written down as " in call(*words, "auto:3,6").stdout
    again = call(*words, "auto:3,5")
    assert again.exit_code == 2
    assert "tiny is written down otherwise (seeds)" in again.stderr


@pytest.fixture
def two_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every epoch take two seconds."""
    monkeypatch.setattr(timing, "time_epochs", lambda *_: [2.0] * 5)


@pytest.mark.usefixtures("two_seconds")
def test_what_is_left_is_forecast_and_kept(folder: Path) -> None:
    study, _ = load_study("tiny.py")
    cells = planner_here().ablation(study.arms(), study.seed_list)
    journal = Journal(folder / "runs")
    record(journal, cells[0].spec, *[0.5] * 9)
    record(journal, cells[1].spec, 0.5, 0.5, end="running")
    journal.close()
    words = ("plan", "--study", "tiny.py", "--probe", "--max-concurrent", 1)
    told = json.loads(call(*words, "--price-per-hour", 3.6, "--json").stdout)["cost"]
    assert told["hours"] == pytest.approx(25 * 2 / 3600)  # of 36 epochs 9 and 2 are trained
    kept = Cost.read(folder / "runs" / "studies" / "tiny")
    assert kept is not None
    assert (kept.hours, kept.price) == (told["hours"], 3.6)
    lines = call(*words, "--price-per-hour", 3.6).stdout.splitlines()
    assert lines[-2].startswith("left to train: 0.014 device-hours (95%: 0.014 to 0.014)")
    assert lines[-1] == "at 3.6 an hour: 0.05 (95%: 0.05 to 0.05)"


@pytest.mark.usefixtures("two_seconds", "folder")
def test_a_search_is_forecast_by_a_few_points_of_its_space() -> None:
    words = ("plan", "--study", "searching.py", "--probe", "--max-concurrent", 1, "--json")
    planned = json.loads(call(*words).stdout)
    epochs = sum(phase["epochs"] for phase in planned["phases"])
    assert planned["cost"]["hours"] == pytest.approx(epochs * 2 / 3600)


def test_a_plan_waits_for_machines_as_a_run_does(folder: Path) -> None:
    refuse(folder, "--min-concurrent 1000: this machine has room for",
           "plan", "--study", "tiny.py", "--probe", "--min-concurrent", 1000)  # fmt: skip


def test_a_price_needs_hours(folder: Path) -> None:
    refuse(folder, "--price-per-hour is of the hours that --probe forecasts: give both",
           "plan", "--study", "tiny.py", "--price-per-hour", 1)  # fmt: skip

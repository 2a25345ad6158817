"""`sweeps run` apart from the training itself, which the tests of `sweeps.execution` run."""

import inspect
from pathlib import Path
from typing import Any

import pytest
import yaml

from sweeps.commands import run as command
from sweeps.commands.plan import plan
from sweeps.execution.chain import Interrupted
from sweeps.execution.cost import Cost, Devices, actual
from sweeps.execution.runner import StudyRun
from sweeps.record.journal import Journal, read_records
from tests.sweeps.commands.command_line import TINY, call
from tests.sweeps.record.recorded import STUDY, cells, mirror, record_study
from tests.sweeps.record.small import open_runs, record

pytestmark = pytest.mark.usefixtures("unloaded_studies")


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "own.py"
    path.write_text(TINY.replace('"tiny"', '"small"'), encoding="utf-8")
    return path


def test_a_finished_study_ends_in_its_table_and_files(
    state: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forecast = Cost(Devices("a machine", 1, 2), hours=1.0, low=0.5, high=2.0)
    forecast.write(state / "studies" / "small")
    record_study(state)
    monkeypatch.setattr(StudyRun, "execute", lambda _: None)
    monkeypatch.chdir(state.parent)
    result = call("run", "--study", file)
    assert result.exit_code == 0
    took = actual(read_records(state).values(), forecast.made)
    assert f"cost          {forecast.against(took)}\n" in result.stdout
    parent = open_runs(state).parent("small")
    assert parent is not None
    assert parent.data.metrics["actual/device_hours"] == took > 0
    assert parent.data.metrics["forecast/device_hours"] == 1.0
    assert "small: Which activation suits a small network?" in result.stdout
    folder = state / "studies" / "small"
    assert f"python -m cifar_models {state.name}/studies/small/best.yaml" in result.stdout
    assert f"mlflow ui --backend-store-uri sqlite:///{state.name}/mlflow.db" in result.stdout
    assert {path.suffix for path in folder.iterdir()} == {
        *(".md", ".csv", ".tex", ".html", ".json", ".png", ".svg", ".yaml")
    }
    document = yaml.safe_load((folder / "best.yaml").read_text(encoding="utf-8"))
    assert document["provenance"]["variant"] == "activation = elu"


def test_a_study_that_all_diverged_still_ends_in_its_table(
    state: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal(state)
    for cell in cells():
        record(journal, cell.spec, end="running")
        journal.append("outcome", cell.spec.id, status="diverged", reason="")
    mirror(open_runs(state), journal, STUDY, cells())
    journal.close()
    monkeypatch.setattr(StudyRun, "execute", lambda _: None)
    result = call("run", "--study", file)
    assert result.exit_code == 0
    assert "3 diverged" in result.stdout
    assert "best recipe" not in result.stdout


@pytest.mark.parametrize("error", [Interrupted, KeyboardInterrupt])
def test_an_interruption_says_how_to_go_on(
    file: Path, monkeypatch: pytest.MonkeyPatch, error: type[BaseException]
) -> None:
    def execute(_: StudyRun) -> None:
        raise error

    monkeypatch.setattr(StudyRun, "execute", execute)
    result = call("run", "--study", file)
    assert result.exit_code == command.INTERRUPTED
    assert result.stdout == ("Stopped. Nothing is lost: the same command goes on from here.\n")


def test_the_options_reach_the_run(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, Any] = {}

    def execute(self: StudyRun) -> None:
        seen.update(vars(self))
        raise Interrupted

    monkeypatch.setattr(StudyRun, "execute", execute)
    call(
        *("run", "--study", file, "--epochs", 4, "--seeds", "7,8", "--data-dir", "d"),
        *("--address", "auto", "--cpus-per-trial", 2, "--gpus-per-trial", 0.5),
        *("--max-concurrent", 3, "--time-budget", 60, "--fresh", "--state", "s"),
        *("--trial-time-limit", 30),
    )
    options = seen["options"]
    assert (options.data_dir, options.address) == (Path("d"), "auto")
    assert (options.cpus_per_trial, options.gpus_per_trial) == (2, 0.5)
    assert (options.max_concurrent, options.time_budget, options.fresh) == (3, 60, True)
    assert options.trial_time_limit == 30
    assert seen["places"].state == Path("s").absolute()
    assert (seen["study"].base.epochs, seen["study"].seed_list) == (4, (7, 8))
    assert [source.filename for source in seen["sources"]] == ["own.py"]


def test_packing_reaches_the_run(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[StudyRun] = []

    def execute(self: StudyRun) -> None:
        seen.append(self)
        raise Interrupted

    monkeypatch.setattr(StudyRun, "execute", execute)
    call("run", "--study", file, "--gpus-per-trial", "auto")
    call("run", "--study", file)
    assert [run.options.gpus_per_trial for run in seen] == ["auto", None]


def test_plan_takes_what_run_takes() -> None:
    """A plan is asked for with the words of the run that it announces."""
    only_run = {"time_budget", "trial_time_limit", "fresh", "dry_run", "detach"}
    assert set(inspect.signature(command.run).parameters) - only_run == set(
        inspect.signature(plan).parameters
    ) - {"json", "register", "probe", "price_per_hour"}

"""`sweeps reproduce` on recorded results; the last test trains."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from search_spaces.published import published
from sweeps.commands.run import INTERRUPTED
from sweeps.execution.chain import Interrupted
from sweeps.execution.runner import StudyRun
from tests.sweeps.commands.command_line import TINY, call, refuse, tree
from tests.sweeps.record.looked_at import LOOKED, record_looked_at
from tests.sweeps.record.recorded import STUDY, record_study
from tests.sweeps.record.small import open_runs

DRIVER = """
import sys
from sweeps import reproduction
from sweeps.__main__ import main
from search_spaces.loading import load_study
tiny = load_study("tiny.py")[0].replace(name="b_activation", reruns="b_activation")
reproduction.built_in = lambda: {"b_activation": tiny}
main()
"""


@pytest.fixture
def runs(state: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The results of `b_activation`, as if it had just been run."""
    monkeypatch.chdir(state.parent)
    record_study(state, STUDY.replace(name="b_activation", reruns="b_activation"))
    monkeypatch.setattr(StudyRun, "execute", lambda _: None)
    return state


def test_ours_are_printed_beside_the_published_and_written(runs: Path) -> None:
    result = call("reproduce", "--study", "b_activation")
    assert result.exit_code == 0
    assert "b_activation (full budget)" in result.stdout
    assert "printed accuracy" in result.stdout
    assert "95.48" in result.stdout
    assert "Printed, but no level here: sigmoid." in result.stdout
    folder = runs / "reproductions"
    assert {path.name for path in folder.iterdir()} == {
        f"b_activation.{suffix}" for suffix in ("md", "csv", "json")
    }
    parent = open_runs(runs).parent("b_activation")
    assert parent is not None
    hung = {file.path for file in open_runs(runs).client.list_artifacts(parent.info.run_id)}
    assert "b_activation.md" in hung


def test_json_is_the_comparison_alone(runs: Path) -> None:
    result = call("reproduce", "--study", "b_activation", "--json", "--out", "there")
    found = json.loads(result.stdout)
    assert found["id"] == "b_activation"
    assert found["rows"][0]["printed"] == 0.9548
    assert json.loads(Path("there/b_activation.json").read_text()) == found


def test_what_was_compared_is_listed_and_reported(runs: Path) -> None:
    call("reproduce", "--study", "b_activation")
    rows = json.loads(call("reproduce", "--list", "--json").stdout)
    assert {row["id"]: row["state"] for row in rows}["b_activation"] == "full"
    lines = call("reproduce", "--list").stdout.splitlines()
    assert [line.split()[0] for line in lines] == list(published())
    assert any(line.split()[:3] == ["b_activation", "study", "full"] for line in lines)
    assert call("reproduce", "--report", "docs/all.md").stdout == "docs/all.md\n"
    assert "## b_activation, full budget" in Path("docs/all.md").read_text(encoding="utf-8")
    assert call("reproduce", "--conclusions", "docs/own.md").stdout == "docs/own.md\n"
    own = Path("docs/own.md").read_text(encoding="utf-8")
    assert "| full budget: without this comparison |" in own, "it has no sigmoid"


@pytest.mark.parametrize("budget", ["quick", "full"])
def test_the_study_is_run_at_its_budget(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, budget: str
) -> None:
    seen: dict[str, Any] = {}

    def execute(self: StudyRun) -> None:
        seen.update(vars(self))
        raise Interrupted

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(StudyRun, "execute", execute)
    result = call(
        *("reproduce", "--study", "c_loss", "--budget", budget, "--seeds", "3,4", "--fresh"),
        *("--data-dir", "d", "--max-concurrent", 2, "--time-budget", 60, "--state", "s"),
        *("--trial-time-limit", 30),
    )
    assert result.exit_code == INTERRUPTED
    assert "the same command goes on from here" in result.stdout
    assert seen["study"].name == {"quick": "c_loss-quick", "full": "c_loss"}[budget]
    assert seen["study"].seed_list == (3, 4)
    options = seen["options"]
    assert (options.data_dir, options.max_concurrent) == (Path("d"), 2)
    assert (options.time_budget, options.fresh, options.trial_time_limit) == (60, True, 30)
    assert seen["places"].state == Path("s").absolute()
    assert tree(tmp_path) == {}


def test_a_dry_run_plans_and_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = STUDY.replace(name="b_activation", reruns="b_activation")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sweeps.reproduction.built_in", lambda: {"b_activation": study})
    words = ("reproduce", "--study", "b_activation", "--dry-run")
    assert call(*words).stdout.startswith("b_activation: Which activation")
    plan = json.loads(call(*words, "--budget", "quick", "--json").stdout)
    assert (plan["study"], plan["seeds"]) == ("b_activation-quick", [0, 1])
    assert tree(tmp_path) == {}


def test_what_is_no_study_is_told_and_nothing_is_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = call("reproduce", "--study", "c_external-references")
    assert result.exit_code == 0
    assert "is quoted by the report" in result.stdout
    told = json.loads(call("reproduce", "--study", "c_external-references", "--json").stdout)
    assert (told["id"], told["kind"]) == ("c_external-references", "citation")
    assert told["sentence"] == result.stdout.strip()
    assert tree(tmp_path) == {}


def test_a_diagnostic_is_run_and_explained(
    state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record_looked_at(state)
    study = LOOKED.replace(reruns="d_gradient-flow")
    monkeypatch.setattr("sweeps.reproduction.built_in", lambda: {"d_gradient-flow": study})
    monkeypatch.setattr(StudyRun, "execute", lambda _: None)
    words = ("reproduce", "--study", "d_gradient-flow", "--storage", state, "--out", tmp_path)
    monkeypatch.setattr("sweeps.reproduction.recorded_name", lambda *_: "small")
    told = json.loads(call(*words, "--json").stdout)
    assert told["seen"]["Gradient flow"].startswith("First and last layer, last epoch: relu 0.5")
    assert Path(told["page"]).name == "small-explanation.html"
    assert "Gradient flow" in Path(told["page"]).read_text(encoding="utf-8")
    parent = open_runs(state).parent("small")
    assert parent is not None
    hung = {file.path for file in open_runs(state).client.list_artifacts(parent.info.run_id)}
    assert {"small-explanation.html", "gradient_flow.parquet"} <= hung


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--study", "b_activatoin"), "no report has 'b_activatoin' ... 'b_activation'"),
        (("--study", "c_loss", "--budget", "quick", "--seeds", "0,"), "at least 2 seeds, got 1"),
        (("--study", "c_loss", "--seeds", "x"), "--seeds wants a number or a list"),
        ((), "give one of --study ID, --list, --report FILE and"),
        (("--list", "--study", "c_loss"), "give one of"),
        (("--report", "/dev/null/x.md"), "cannot write /dev/null/x.md"),
        (("--report", "file", "--out", "mistyped"), "--out mistyped is no folder"),
        (("--list", "--out", "file"), "--out file is no folder"),
        (("--study", "c_loss", "--out", "file"), "cannot write file: ... give another --out"),
    ],
)
def test_bad_input_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(StudyRun, "execute", lambda _: pytest.fail("trained"))
    (tmp_path / "file").write_text("kept")
    refuse(tmp_path, said, "reproduce", *words)


@pytest.mark.parametrize("seconds", ["nan", "inf", "-5", "0"])
@pytest.mark.parametrize("option", ["--time-budget", "--trial-time-limit"])
@pytest.mark.parametrize("command", ["run", "retry --failed", "reproduce"])
def test_a_time_is_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str, option: str, seconds: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(StudyRun, "execute", lambda _: pytest.fail("trained"))
    words = ("--study", "c_loss", option, seconds)
    said = f"{option} wants a number of seconds above zero, got {seconds}"
    refuse(tmp_path, said, *command.split(), *words)


@pytest.mark.slow
def test_a_published_study_from_question_to_comparison(tmp_path: Path) -> None:
    """On drawn shapes; run again it trains nothing, and prints the same."""
    (tmp_path / "tiny.py").write_text(TINY, encoding="utf-8")
    (tmp_path / "driver.py").write_text(DRIVER, encoding="utf-8")

    def run(*words: str) -> str:
        done = subprocess.run(
            [sys.executable, "driver.py", "reproduce", "--study", "b_activation", *words],
            cwd=tmp_path, capture_output=True, text=True, check=False,
            env=os.environ | {"COLUMNS": "120", "PYTHONPATH": str(Path(__file__).parents[3])},
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    first = json.loads(run("--budget", "quick", "--json"))
    assert (first["budget"], first["notes"][0]) == (
        "quick", "Quick budget (fewer seeds): directions only.",
    )  # fmt: skip
    assert {row["level"]: row["n"] for row in first["rows"]} == {"relu": 2, "tanh": 2}
    assert all(0 < row["mean"] < 1 for row in first["rows"])
    trained = (tmp_path / "runs" / "journal.jsonl").read_text()
    assert json.loads(run("--budget", "quick", "--json")) == first
    assert (tmp_path / "runs" / "journal.jsonl").read_text() == trained

import subprocess
import sys
import time
from pathlib import Path

import pytest

from benchmarks import __main__ as command
from benchmarks.harness import Benchmark, Case, Options, Result
from benchmarks.harness.benchmark import load, names
from tests.benchmarks.harness.measured import CASE, result

ROOT = Path(__file__).parents[2]


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Let results and document lie in a temporary folder, and `input` be measured at once."""
    monkeypatch.setattr(command, "ROOT", tmp_path)
    monkeypatch.setattr(command, "RESULTS", tmp_path / "results")
    monkeypatch.setattr(command, "DOCUMENT", tmp_path / "docs" / "performance.md")

    def measure(_: Options) -> list[Case]:
        time.sleep(0.1)
        return [CASE]

    quick = Benchmark("Ours and theirs.", measure, devices=("cpu",))
    monkeypatch.setattr("benchmarks.harness.benchmark.load", lambda _: quick)
    return tmp_path


@pytest.mark.parametrize("name", names())
def test_every_file_is_a_benchmark(name: str) -> None:
    benchmark = load(name)
    assert benchmark.compares.endswith(".")
    assert benchmark.devices


def test_a_measurement_is_kept_and_shown(
    told: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sweeps.record.environment.git_commit", lambda: "1a2b3c4" + 33 * "0")
    assert command.main(["input"]) == 0
    (found,) = Result.read_all(told / "results")
    assert found.cases == (CASE,)
    assert found.code == "1a2b3c4"
    assert found.seconds > 0
    assert "ours over stock" in capsys.readouterr().out


def test_a_quick_one_is_kept_only_where_asked(told: Path) -> None:
    assert command.main(["input", "--quick"]) == 0
    assert not (told / "results").exists()
    assert command.main(["input", "--quick", "--out", str(told / "there")]) == 0
    assert Result.read_all(told / "there")[0].scale == "quick"


def test_report_is_made_of_the_results(told: Path) -> None:
    result(CASE).write(told / "results")
    assert command.main(["report"]) == 0
    assert "ours over stock" in (told / "docs" / "performance.md").read_text()


def test_an_unknown_name_is_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["inptu"]) == 2
    assert "did you mean 'input'?" in capsys.readouterr().err


def test_each_of_several_runs_by_itself(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[list[str]] = []

    def pretend(words: list[str], *, check: bool) -> subprocess.CompletedProcess[str]:
        asked.append(words)
        return subprocess.CompletedProcess(words, int(words[-1] == "trainer"))

    monkeypatch.setattr(subprocess, "run", pretend)
    code = command.main(["input", "trainer", "--full", "--out", str(tmp_path), "--threads", "1"])
    assert code == 1
    assert capsys.readouterr().err == "failed: trainer\n"
    assert [words[:3] for words in asked] == [[sys.executable, "-m", "benchmarks"]] * 2
    assert [words[-1] for words in asked] == ["input", "trainer"]
    assert asked[0][3] == "--full"
    assert " ".join(asked[0]).count(f"--out {tmp_path}") == 1


def test_all_leaves_out_what_is_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def pretend(words: list[str], **_: bool) -> subprocess.CompletedProcess[str]:
        asked.append(words[-1])
        return subprocess.CompletedProcess(words, 0)

    monkeypatch.setattr(subprocess, "run", pretend)
    assert command.main(["all"]) == 0
    assert "input" in asked
    assert "accuracy" not in asked
    asked.clear()
    assert command.main(["all", "--full"]) == 0
    assert asked == names()


def test_the_document_in_the_repository_is_made_by_the_command() -> None:
    from benchmarks.harness.report import document

    text = document({name: load(name) for name in names()}, Result.read_all(command.RESULTS))
    assert command.DOCUMENT.read_text(encoding="utf-8") == text, "run `python -m benchmarks report`"


def test_make_runs_what_the_readme_says() -> None:
    makefile, readme = (ROOT / "Makefile").read_text(), (ROOT / "README.md").read_text()
    for target in ("bench", "bench-full"):
        assert f"\n{target}: " in makefile
        assert f"make {target}" in readme

"""`sweeps analyse`: the whole way from a file, with nothing else of the system."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.sweeps.commands.command_line import call, refuse

RUNS = """variant,seed,accuracy,status,budget
relu,0,93.1,finished,10
relu,1,93.4,finished,10
relu,2,92.9,finished,10
gelu,0,93.6,finished,10
gelu,1,93.8,finished,10
gelu,2,93.5,finished,10
mish,0,93.2,finished,10
mish,1,93.3,finished,10
mish,2,,diverged,10
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "runs.csv"
    path.write_text(RUNS, encoding="utf-8")
    return path


def test_the_same_table_guards_figures_and_report(file: Path) -> None:
    result = call("analyse", "runs.csv", "--question", "Which activation?")
    assert result.exit_code == 0
    for said in ("+0.50", "[+0.25, +0.75]", "1 diverged", "10 epochs a trial", "read as percent"):
        assert said in result.stdout
    folder = file.parent / "runs-analysis"
    assert {path.name for path in folder.iterdir()} == {
        *("table.md", "table.csv", "table.tex", "table.html", "table.runs.json", "report.html"),
        *("differences.png", "differences.svg"),
    }
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "gelu is better than relu by 0.50 points" in page
    assert "sweeps analyse runs.csv --question &#39;Which activation?&#39; --check" in page
    assert "runs.csv:7" in page
    assert "macro F1" not in page, "nobody measured it"


def test_the_readmes_example_is_what_it_prints(file: Path) -> None:
    readme = (Path(__file__).parents[3] / "README.md").read_text(encoding="utf-8")
    (text,) = re.findall(r"^```csv\n(.*?)^```$", readme, re.M | re.S)
    file.write_text(text, encoding="utf-8")
    told = call("analyse", "runs.csv", "--question", "Does GELU help?", columns=110).stdout
    shown = readme.split("$ sweeps analyse runs.csv --question")[1].split("$ sweeps analyse")[0]
    assert all(line in told for line in shown.splitlines()[1:])


def test_the_check_names_what_no_longer_follows_from_the_file(file: Path) -> None:
    call("analyse", file, "--out", "made", "--baseline", "gelu")
    words = ("analyse", file, "--out", "made", "--baseline", "gelu", "--check")
    assert call(*words).stdout == "made: every number follows from the file\n"
    file.write_text(RUNS.replace("93.8", "94.8"), encoding="utf-8")
    result = call(*words)
    assert result.exit_code == 1
    assert "variant=gelu: the values of its runs have changed" in result.stdout


def test_a_margin_lets_levels_be_equal(file: Path) -> None:
    assert "Equal within ±2 points" in call("analyse", file, "--margin", 2).stdout


def test_budgets_must_be_equal_unless_asked_for(file: Path, tmp_path: Path) -> None:
    text = RUNS.replace("93.6,finished,10", "93.6,finished,20").replace(
        "93.8,finished,10", "93.8,finished,20"
    )
    file.write_text(text.replace("93.5,finished,10", "93.5,finished,20"), encoding="utf-8")
    refuse(tmp_path, "different numbers of epochs (10, 20)", "analyse", file)
    result = call("analyse", file, "--unequal-budget")
    assert "Levels were trained for 10, 20 epochs" in " ".join(result.stdout.split())


def test_nonsense_is_a_sentence(file: Path, tmp_path: Path) -> None:
    refuse(tmp_path, "cannot read", "analyse", "other.csv")
    refuse(tmp_path, "no column loss", "analyse", file, "--metric", "loss")
    refuse(tmp_path, "--margin wants a number above zero", "analyse", file, "--margin", -1)
    refuse(tmp_path, "cannot write runs.csv", "analyse", file, "--out", "runs.csv")
    refuse(tmp_path, "write it first", "analyse", file, "--check")


def test_it_needs_neither_ray_nor_mlflow_nor_optuna(file: Path) -> None:
    heavy = ["ray", "mlflow", "optuna"]
    code = (
        "import sys; from sweeps.commands.analyse import _material; from pathlib import Path\n"
        "_material(Path('runs.csv'), None, None, None, None, False)\n"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    root = Path(__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=file.parent,
        env={"PYTHONPATH": str(root), "PATH": ""},
        check=True,
    )
    assert done.stdout.strip() == "[]"

import io
import json
from pathlib import Path

import pandas as pd
import pytest

from search_spaces import Factorial, factor
from tests.sweeps.commands.command_line import TINY, call, refuse, tree
from tests.sweeps.record.recorded import STUDY, record_study

STYLES = {
    "rich": "tanh",
    "md": "| tanh",
    "csv": "activation,tanh",
    "tex": r"\toprule",
    "html": "<table",
}


@pytest.mark.parametrize("style", STYLES)
def test_every_format_on_the_terminal_and_in_a_file(
    recorded: Path, tmp_path: Path, style: str
) -> None:
    words = ("table", "--study", "small", "--storage", recorded, "--format", style)
    result = call(*words)
    assert result.exit_code == 0
    assert STYLES[style] in result.stdout
    out = tmp_path / "table.txt"
    assert call(*words, "--out", out).stdout == ""
    assert out.read_text(encoding="utf-8") == result.stdout
    behind = json.loads((tmp_path / "table.runs.json").read_text(encoding="utf-8"))
    assert [len(cell["runs"]) for cell in behind["cells"]] == [3, 3, 3]


def test_the_default_is_for_the_terminal(recorded: Path) -> None:
    words = ("table", "--study", "small", "--storage", recorded)
    assert call(*words).stdout == call(*words, "--format", "rich").stdout


def test_csv_is_a_frame_at_full_precision(recorded: Path) -> None:
    text = call("table", "--study", "small", "--storage", recorded, "--format", "csv").stdout
    frame = pd.read_csv(io.StringIO(text)).set_index("level")
    assert frame.loc["relu", "validation_mean"] == (0.5 + 0.55 + 0.6) / 3
    assert frame.loc["elu", "completed"] == 3


def test_json_is_a_list_of_rows(recorded: Path) -> None:
    result = call("table", "--study", "small", "--storage", recorded, "--json")
    rows = json.loads(result.stdout)
    assert [row["level"] for row in rows] == ["relu", "tanh", "elu"]
    assert rows[0]["difference"] is None
    assert rows[2]["difference"] == pytest.approx(0.16)


def test_reading_writes_nothing(recorded: Path) -> None:
    before = set(tree(recorded))
    call("table", "--study", "small", "--storage", recorded)
    call("table", "--study", "other", "--storage", recorded)
    assert set(tree(recorded)) == before


@pytest.mark.usefixtures("unloaded_studies")
def test_a_study_file_is_its_study(recorded: Path, tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(TINY.replace('"tiny"', '"small"'), encoding="utf-8")
    assert "tanh" in call("table", "--study", file, "--storage", recorded).stdout


def test_a_state_of_its_own_is_found(recorded: Path, tmp_path: Path) -> None:
    result = call("table", "--study", "small", "--storage", tmp_path, "--state", recorded)
    assert "tanh" in result.stdout
    uri = f"sqlite:///{recorded}/mlflow.db"
    again = call("table", "--study", "small", "--storage", tmp_path, "--tracking-uri", uri)
    assert again.stdout == result.stdout


def test_two_factors_span_a_table_whose_cells_are_checked_like_any(state: Path) -> None:
    factors = (
        factor("activation", "model.activation", "relu", "tanh"),
        factor("batch", "batch_size", 30, 60),
    )
    study = STUDY.replace(factors=factors, design=Factorial(), seeds=2)
    levels = {"relu x 30": 0.5, "relu x 60": 0.6, "tanh x 30": 0.7, "tanh x 60": 0.8}
    runs = record_study(
        state, study, {name: [(at,) * 3, (at + 0.01,) * 3] for name, at in levels.items()}
    )
    words = ("--study", "small", "--storage", state)
    wide = ("table", *words, "--rows", "batch", "--cols", "activation")
    rows = json.loads(call(*wide, "--json").stdout)
    assert [row["batch"] for row in rows] == ["30", "60"]
    assert [row["tanh_mean"] for row in rows] == pytest.approx([0.685, 0.785])
    out = state / "wide.tex"
    assert call(*wide, "--format", "tex", "--out", out).exit_code == 0
    assert r"60 & 58.50 $\pm$ 0.71" in out.read_text(encoding="utf-8")
    check = ("report", *words, "--check", "--out", out)
    assert call(*check).exit_code == 0
    (run,) = runs.find(kind="trial", seed="1", **{"in.small": "true"})[:1]
    runs.client.log_metric(run.info.run_id, "test_last/accuracy", 0.99)
    assert " x " in call(*check).stdout.splitlines()[0], "the cell is named"
    out.write_text("changed by hand", encoding="utf-8")
    assert call(*check).stdout.startswith("wide.tex was changed after it was made")
    refuse(state, "no factor 'batsh' ... did you mean 'batch'", *wide[:-3], "batsh", *wide[-2:])


def test_factors_that_no_trial_crosses_are_a_sentence(recorded: Path) -> None:
    words = ("table", "--study", "small", "--storage", recorded)
    refuse(recorded, "has both a level of activation and", *words, "--rows", "activation",
           "--cols", "loss")  # fmt: skip
    refuse(recorded, "--rows and --cols go together", *words, "--rows", "activation")

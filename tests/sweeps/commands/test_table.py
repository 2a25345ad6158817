import io
import json
from pathlib import Path

import pandas as pd
import pytest

from tests.sweeps.commands.command_line import TINY, call, tree

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

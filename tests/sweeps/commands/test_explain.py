"""`sweeps explain`, from what MLflow has."""

from pathlib import Path

import pandas as pd

from tests.sweeps.commands.command_line import call, refuse
from tests.sweeps.record.looked_at import record_looked_at
from tests.sweeps.record.recorded import STUDY


def test_the_page_and_its_data_are_written(state: Path, tmp_path: Path) -> None:
    record_looked_at(state)
    out, board = tmp_path / "out" / "page.html", tmp_path / "board"
    words = ("explain", "--study", "small", "--storage", state)
    result = call(*words, "--out", out, "--tensorboard", board)
    assert result.exit_code == 0, result.stderr
    data = out.with_name("gradient_flow.parquet")
    assert result.stdout.splitlines() == [
        f"{board}   tensorboard --logdir {board}", str(out), str(data)
    ]  # fmt: skip
    text = out.read_text(encoding="utf-8")
    assert STUDY.question in text
    assert "First and last layer, last epoch: relu 0.5 and 0.25; tanh 0.5" in text
    assert pd.read_parquet(data)["level"].nunique() == 3
    assert len(list((board / STUDY.name).iterdir())) == 6


def test_a_study_that_nothing_looked_at_is_a_sentence(recorded: Path) -> None:
    said = "nothing was looked at in study small"
    refuse(recorded, said, "explain", "--study", "small", "--storage", recorded)


def test_tensorboard_has_the_curves_of_any_study(recorded: Path, tmp_path: Path) -> None:
    words = ("explain", "--study", "small", "--storage", recorded, "--tensorboard")
    result = call(*words, board := tmp_path / "board")
    assert result.exit_code == 0, result.stderr
    assert result.stdout.splitlines() == [
        f"{board}   tensorboard --logdir {board}", "no page: nothing was looked at"
    ]  # fmt: skip
    said = "nothing was looked at in study small"
    refuse(recorded, said, *words, board, "--out", tmp_path / "page.html")
    assert len(list((board / STUDY.name).iterdir())) == 9, "three levels, three seeds"


def test_a_file_in_the_way_is_told_before_anything_is_written(state: Path, tmp_path: Path) -> None:
    record_looked_at(state)
    out, board = tmp_path / "page.html", tmp_path / "board"
    board.write_text("")
    words = ("explain", "--study", "small", "--storage", state, "--out", out)
    refuse(state, f"cannot write {board}", *words, "--tensorboard", board)
    assert not out.exists()

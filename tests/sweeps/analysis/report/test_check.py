import json
from pathlib import Path

import pandas as pd
import pytest

from sweeps.analysis.report.check import check_folder, check_page
from sweeps.analysis.report.files import EVIDENCE, REPORT, write
from tests.sweeps.analysis import frames
from tests.sweeps.analysis.report.materials import material


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("written")
    write(material(search=False), folder)
    return folder


@pytest.fixture
def folder(written: Path, tmp_path: Path) -> Path:
    for file in written.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    return tmp_path


def checked(folder: Path) -> list[str]:
    return check_folder(material(search=False), folder)


def test_what_was_just_written_follows(written: Path) -> None:
    assert checked(written) == []
    assert check_page(material(search=False), written / REPORT) == []


def test_two_swapped_cells_of_the_csv_are_named(folder: Path) -> None:
    path = folder / "table.csv"
    frame = pd.read_csv(path)
    frame.loc[[1, 2], "test_mean"] = frame.loc[[2, 1], "test_mean"].to_numpy()
    frame.to_csv(path, index=False)
    said = checked(folder)
    assert [sentence.split(":")[0] for sentence in said] == [
        "table.csv, activation=leaky_relu, test_mean",
        "table.csv, activation=tanh, test_mean",
    ]


@pytest.mark.parametrize("name", ["table.md", "table.tex", "table.html"])
def test_a_number_changed_by_hand_is_named_with_its_level(folder: Path, name: str) -> None:
    path = folder / name
    text = path.read_text(encoding="utf-8")
    assert "75.00" in text
    path.write_text(text.replace("75.00", "76.00", 1), encoding="utf-8")
    (said,) = checked(folder)
    assert said.startswith(f"{name}, line ")
    assert "leaky_relu" in said
    assert "76.00" in said.split("its runs give")[0]
    assert "75.00" in said.split("its runs give")[1]


def test_a_run_whose_value_changed_is_named_for_the_files_and_the_page(folder: Path) -> None:
    trials = frames.small()
    trials.loc[trials["trial"] == "activation-tanh-1", "test/accuracy"] += 0.03
    said = check_folder(material(trials, search=False), folder)
    assert "activation=tanh: the values of its runs have changed since the table was made" in said
    assert any(sentence.startswith(f"{REPORT}: activation=tanh, test_mean") for sentence in said)
    assert check_page(material(trials, search=False), folder / REPORT)


def test_a_table_that_went_is_missed(folder: Path) -> None:
    (folder / "table.md").unlink()
    assert checked(folder) == ["table.md is gone"]


def test_a_row_that_went_is_missed(folder: Path) -> None:
    path = folder / "table.csv"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(line for line in lines if ",tanh," not in line))
    assert checked(folder) == ["table.csv, activation=tanh: the row is gone"]


def test_without_files_or_with_others_there_is_nothing_to_check(folder: Path) -> None:
    (folder / EVIDENCE).write_text(json.dumps({"cells": []}))
    with pytest.raises(ValueError, match="does not say which runs"):
        checked(folder)
    (folder / EVIDENCE).unlink()
    with pytest.raises(ValueError, match="write it first"):
        checked(folder)
    (folder / REPORT).write_text("<p>hello</p>")
    with pytest.raises(ValueError, match="does not say which runs"):
        check_page(material(search=False), folder / REPORT)

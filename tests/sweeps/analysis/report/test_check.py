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


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        pytest.param(">75.00 ± ", ">76.00 ± ", ("leaky_relu", "76.00", "75.00"), id="table"),
        pytest.param("[68.43, ", "[70.43, ", ("leaky_relu", "[70.43,", "[68.43,"), id="block"),
        pytest.param(" resolved", " decided", ("decided",), id="answer"),
        pytest.param("<td>12</td>", "<td>13</td>", ("13", "12"), id="seed of a run"),
        pytest.param("</main>", "<p>tanh wins</p></main>", ("tanh wins", "nothing"), id="more"),
    ],
)
def test_what_the_page_shows_is_compared_and_not_what_it_embeds_alone(
    folder: Path, old: str, new: str, words: tuple[str, ...]
) -> None:
    page = folder / REPORT
    text = page.read_text(encoding="utf-8")
    assert old in text
    page.write_text(text.replace(old, new, 1), encoding="utf-8")
    for said in (checked(folder), check_page(material(search=False), page)):
        assert len(said) == 1
        assert said[0].startswith(REPORT)
        assert all(word in said[0] for word in words)


def test_a_number_in_a_figure_of_the_page_is_compared(folder: Path) -> None:
    page = folder / REPORT
    text = page.read_text(encoding="utf-8")
    at = text.index("+3.00", text.index("<svg"))
    assert text.rindex("<text", 0, at) > text.rindex("</text>", 0, at)
    page.write_text(f"{text[:at]}+9.00{text[at + 5 :]}", encoding="utf-8")
    (said,) = checked(folder)
    assert "+9.00" in said


def test_looks_and_commands_of_a_page_may_differ(folder: Path) -> None:
    page = folder / REPORT
    text = page.read_text(encoding="utf-8").replace("sweeps run --study", "python -m sweeps run")
    page.write_text(text.replace("<style>", "<style>p { color: red; }"), encoding="utf-8")
    assert checked(folder) == []


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

from pathlib import Path

import pytest

from sweeps.publication import publish, table_of
from sweeps.record.results import load
from tests.sweeps.record.recorded import STUDY, record_study
from tests.sweeps.record.small import open_runs


def uri(state: Path) -> str:
    return f"sqlite:///{state}/mlflow.db"


FILES = {
    *("table.md", "table.csv", "table.tex", "table.html"),
    *("curves.png", "curves.svg", "differences.png", "differences.svg"),
}


def test_the_table_says_what_was_measured_and_on_what(recorded: Path) -> None:
    table = table_of(load("small", uri(recorded)))
    assert table.frame["level"].to_list() == ["relu", "tanh", "elu"]
    assert table.split == "test"
    assert not table.interim
    for said in (
        "Measured at the last epoch.",
        "shapes: 100 training, 20 validation, 40 test images.",
        "the split is fixed (split seed 0)",
    ):
        assert said in table.caption


def test_without_validation_the_table_says_that_nothing_was_chosen(recorded: Path) -> None:
    results = load("small", uri(recorded))
    results.images["validation"] = 0
    assert "no validation data: no choice was made" in table_of(results).caption


def test_the_rule_of_the_best_epoch_is_printed(state: Path) -> None:
    record_study(state, STUDY.replace(selection="best", seeds=2))
    caption = table_of(load("small", uri(state))).caption
    assert "Measured at the epoch of the highest validation accuracy." in caption


def test_files_are_written_and_hung_on_the_studys_run(state: Path, tmp_path: Path) -> None:
    runs = record_study(state, STUDY.replace(seeds=2))
    results = load("small", uri(state))
    published = publish(results, tmp_path / "new" / "small", runs)
    assert {file.name for file in published.files} == FILES
    assert all(file.stat().st_size > 100 for file in published.files)
    hung = {file.path for file in runs.client.list_artifacts(results.parent)}
    assert hung >= FILES
    note = runs.client.get_run(results.parent).data.tags["mlflow.note.content"]
    assert note.startswith(STUDY.question)
    assert "tanh" in note
    publish(results, tmp_path / "new" / "small", runs)  # again, over what is there


def test_a_folder_that_cannot_be_written_is_a_sentence(recorded: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    results = load("small", uri(recorded))
    with pytest.raises(ValueError, match=r"cannot write .*file/small: Not a directory"):
        publish(results, tmp_path / "file" / "small", open_runs(recorded))

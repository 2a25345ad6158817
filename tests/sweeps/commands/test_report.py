"""`sweeps report`: the page, the index, and the check, from what MLflow has."""

import re
from pathlib import Path

import pytest

from sweeps.publication import publish
from sweeps.record.results import load
from tests.sweeps.commands.command_line import call, refuse, tree
from tests.sweeps.record.recorded import STUDY, record_study
from tests.sweeps.record.small import open_runs


@pytest.fixture
def published(state: Path) -> Path:
    """The storage of a study of its own, with its files written."""
    runs = record_study(state, STUDY.replace(seeds=2))
    publish(load("small", runs.uri), state / "studies" / "small", runs)
    return state


def test_a_page_is_written_where_it_is_wanted(recorded: Path, tmp_path: Path) -> None:
    out = tmp_path / "new" / "page.html"
    before = set(tree(recorded))
    result = call("report", "--study", "small", "--storage", recorded, "--out", out)
    assert (result.exit_code, result.stdout) == (0, f"{out}\n")
    text = out.read_text(encoding="utf-8")
    for said in (STUDY.question, "activation.name", "a processor", "sweeps table --study small"):
        assert said in text
    assert set(tree(recorded)) == before
    words = ("report", "--study", "small", "--storage", recorded, "--check", "--out", out)
    assert call(*words).exit_code == 0
    wrong = re.sub('"test_mean": [0-9.]+', '"test_mean": 0.63', text, count=1)
    out.write_text(wrong, encoding="utf-8")
    changed = call(*words)
    assert changed.exit_code == 1
    assert "activation=relu, test_mean: the table says 0.63" in changed.stdout


def test_the_check_names_the_cell_whose_run_has_another_value(published: Path) -> None:
    words = ("report", "--study", "small", "--storage", published, "--check")
    before = set(tree(published))
    found = call(*words)
    assert found.exit_code == 0, found.stdout
    assert found.stdout.endswith("small: every number follows from its runs\n")
    assert set(tree(published)) == before, "a check writes nothing"
    runs = open_runs(published)
    trials = load("small", runs.uri).trials
    (run,) = trials[(trials["level"] == "tanh") & (trials["seed"] == 1)]["run_id"]
    runs.client.log_metric(run, "test_last/accuracy", 0.99)
    poisoned = call(*words)
    assert poisoned.exit_code == 1
    assert "activation=tanh: the values of its runs have changed" in poisoned.stdout
    assert "activation=elu, test_mean" not in poisoned.stdout


def test_all_studies_have_an_index(published: Path) -> None:
    runs = open_runs(published)
    runs.create_parent("begun", "And this one?")
    result = call("report", "--all", "--storage", published)
    index = published / "studies" / "index.html"
    assert (result.exit_code, result.stdout) == (0, f"{index}\n")
    text = index.read_text(encoding="utf-8")
    assert 'href="small/report.html"' in text
    assert "study begun has no trial on record yet" in text
    assert STUDY.question in text


def test_nonsense_is_a_sentence(recorded: Path, tmp_path: Path) -> None:
    at = ("--storage", recorded)
    (tmp_path / "file").touch()
    refuse(tmp_path, "give either --study NAME or --all", "report", *at)
    refuse(tmp_path, "either", "report", "--all", "--study", "small", *at)
    refuse(tmp_path, "--check looks at one study", "report", "--all", "--check", *at)
    refuse(tmp_path, "no results of a study 'other'", "report", "--study", "other", *at)
    words = ("report", "--study", "small", *at)
    refuse(tmp_path, "cannot write", *words, "--out", tmp_path / "file" / "page.html")
    refuse(tmp_path, "cannot read ... write it first", *words, "--check", "--out", tmp_path / "no")
    refuse(tmp_path, "does not say which runs", *words, "--check", "--out", tmp_path / "file")

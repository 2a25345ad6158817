from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from search_spaces import LogRange, Search, factor
from sweeps import publication
from sweeps.analysis.two_way import Crossed
from sweeps.publication import crossed, material_of, publish, table_of
from sweeps.record.results import Results, load
from tests.sweeps.record.recorded import STUDY, record_study
from tests.sweeps.record.small import open_runs


def uri(state: Path) -> str:
    return f"sqlite:///{state}/mlflow.db"


FILES = {
    *("table.md", "table.csv", "table.tex", "table.html"),
    *("curves.png", "curves.svg", "differences.png", "differences.svg", "time.png", "time.svg"),
    *("table.runs.json", "report.html"),
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


def test_files_are_written_and_hung_on_the_studys_run(
    state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = record_study(state, STUDY.replace(seeds=2))
    results = load("small", uri(state))
    published = publish(results, tmp_path / "new" / "small", runs)
    assert {file.name for file in published.files} == FILES
    assert all(file.stat().st_size > 100 for file in published.files)
    hung = {file.path for file in runs.client.list_artifacts(results.parent)}
    assert hung >= FILES
    note = runs.client.get_run(results.parent).data.tags["mlflow.note.content"]
    assert note.startswith(f"**small: {STUDY.question}**")
    assert "tanh" in note
    monkeypatch.setattr(publication, "_NOTE", 500)
    publish(results, tmp_path / "new" / "small", runs)  # again, over what is there
    shorter = runs.client.get_run(results.parent).data.tags["mlflow.note.content"]
    assert len(shorter) <= 500
    *lines, _, last = shorter.splitlines()
    assert set(lines) <= set(note.splitlines())
    assert last == "The rest is in the artifact table.md."


def test_a_report_says_how_to_make_it_again(recorded: Path) -> None:
    results = load("small", uri(recorded))
    command = ("/bin/sweeps", "run", "--study", "small", "--storage", "my runs", "--seeds", "3")
    commands = [text for _, text in material_of(replace(results, command=command)).commands]
    assert commands[0] == "sweeps run --study small --storage 'my runs' --seeds 3"
    assert commands[1] == "sweeps table --study small --storage 'my runs'"
    assert commands[-1].endswith("\npython -m cifar_models best.yaml")
    fresh = replace(results, command=("sweeps", "run", "--fresh", "--storage=there"))
    commands = [text for _, text in material_of(fresh).commands]
    assert commands[:2] == [
        "sweeps run --storage there",
        "sweeps table --study small --storage there",
    ]
    script = replace(results, command=("sweeps/ablation.py", "--study", "small"))
    assert material_of(script).commands[0][1] == "python sweeps/ablation.py --study small"
    assert material_of(script).searched is None


def test_a_report_says_how_was_searched(recorded: Path) -> None:
    results = load("small", uri(recorded))
    search = Search(space={"optimizer.lr": LogRange(0.01, 1.0)}, trials=9, reduction_factor=2)
    results.study["search"] = search.model_dump(mode="json")
    searched = material_of(results).searched
    assert searched is not None
    assert (searched.milestones, searched.halved) == ((1, 2), True)
    assert "9 trials by the sampler tpe, halved by asha after epochs 1, 2" in searched.words
    results.study["search"] |= {"scheduler": "none"}
    searched = material_of(results).searched
    assert searched is not None
    assert (searched.milestones, searched.halved) == ((1, 2), False)


def test_a_factorial_study_is_crossed_and_a_margin_is_kept(recorded: Path) -> None:
    study = STUDY.replace(
        factors=(
            factor("a", "model.activation", "relu", "tanh"),
            factor("b", "batch_size", 30, 60),
        ),
        design={"name": "factorial"},
        margin=0.5,
    )
    plain = study.model_dump(mode="json")
    assert crossed(plain) == Crossed("a", "b", ("relu", "tanh"), ("30", "60"))
    assert crossed(STUDY.model_dump(mode="json")) is None
    results = load("small", uri(recorded))
    results.study["margin"] = 0.5
    assert table_of(results).margin == 0.5


def test_a_folder_that_cannot_be_written_is_a_sentence(recorded: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    results = load("small", uri(recorded))
    with pytest.raises(ValueError, match=r"cannot write .*file/small: Not a directory"):
        publish(results, tmp_path / "file" / "small", open_runs(recorded))


def test_the_margin_of_a_study_reaches_its_table(state: Path) -> None:
    record_study(state, STUDY.replace(margin=40.0))
    table = table_of(load("small", uri(state)))
    assert table.margin == 40.0
    assert table.frame["equal"].to_list()[1:] == [True, True]


def test_trials_that_another_study_had_trained_are_told_of_where_it_looks(state: Path) -> None:
    first = STUDY.replace(seeds="auto:2,3")
    record_study(state, first)
    other = first.replace(name="other", seeds="auto:2,3")
    record_study(state, other)

    def said(results: Results) -> list[str]:
        notes = table_of(results).footnotes
        return [note for note in notes if "were trained for another study" in note]

    assert said(load("small", uri(state))) == []
    results = load("other", uri(state))
    (note,) = said(results)
    assert note.startswith("9 of its 9 trials were")
    assert said(replace(results, study=results.study | {"seeds": 3})) == []


def test_what_a_choice_on_the_same_images_favours_is_told_where_it_looks(recorded: Path) -> None:
    results = load("small", uri(recorded))

    def said(**changes: object) -> list[str]:
        asked = results.study | {"seeds": {"looks": [2, 3]}, "search": None} | changes
        notes = table_of(replace(results, study=asked)).footnotes
        return [note for note in notes if "favours" in note]

    search, tuned = {"trials": 9}, {"name": "tuned", "trials": 5}
    assert said() == said(search=search, seeds=3) == []
    assert ["the baselines" in note for note in said(search=search)] == [True]
    assert ["more to tune" in note for note in said(design=tuned)] == [True]


def test_two_crossed_factors_become_a_grid(recorded: Path) -> None:
    results = load("small", uri(recorded))
    assert table_of(results).grid is None
    split = pd.DataFrame([name.split("-") for name in ["a-x", "a-y", "b-x", "b-y"]])
    levels = [f"{row} x {column}" for row, column in split.to_numpy()]
    named = [{"name": "p", "levels": [{"name": n, "changes": {}} for n in "ab"]}]
    named += [{"name": "q", "levels": [{"name": n, "changes": {}} for n in "xy"]}]
    study = results.study | {"design": {"name": "factorial"}, "factors": named}
    one = results.trials[results.trials["level"] == "relu"]
    cells = [
        one.assign(
            factor="p x q",
            level=level,
            variant=level,
            baseline=number == 0,
            trial=one["trial"] + level,
        )
        for number, level in enumerate(levels)
    ]
    grid = table_of(replace(results, study=study, trials=pd.concat(cells))).grid
    assert grid is not None
    assert grid.completed.tolist() == [[3, 3], [3, 3]]
    assert grid.means[0, 0] == one["test/accuracy"].mean()


def test_levels_of_another_split_are_refused_unless_the_study_varies_them(recorded: Path) -> None:
    results = load("small", uri(recorded))
    assert results.trials[["data", "split"]].nunique().to_list() == [1, 1]
    assert set(results.trials["precision"]) == {"fp32"}
    results.trials.loc[results.trials["level"] == "tanh", "split"] = "half of it"
    with pytest.raises(ValueError, match="trials of activation differ in their split"):
        table_of(results)
    results.study["factors"][0]["levels"][1]["changes"] = {"split.train": 50}
    assert any(
        "differ in their split, as the study" in note for note in table_of(results).footnotes
    )

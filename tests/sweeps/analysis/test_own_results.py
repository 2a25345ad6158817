from pathlib import Path

import pytest

from sweeps.analysis.guards import PENDING
from sweeps.analysis.own_results import OwnResults, read_results
from sweeps.analysis.own_rows import STATUSES
from sweeps.record.journal import TERMINAL

PLAIN = """variant,seed,accuracy
relu,0,0.93
relu,1,0.94
gelu,0,0.95
gelu,1,0.96
"""
SPLITS = """factor,variant,seed,split,accuracy,status,budget,seconds
,relu,0,validation,0.93,finished,10,30
,relu,0,test,0.92,finished,10,30
activation,gelu,0,validation,0.94,finished,10,40
activation,gelu,0,test,0.935,finished,10,40
width,64,0,test,,diverged,10,60
"""


def read(folder: Path, text: str, **options: str) -> OwnResults:
    path = folder / "runs.csv"
    path.write_text(text, encoding="utf-8")
    return read_results(path, **options)


def test_three_columns_are_enough_and_what_is_assumed_is_said(tmp_path: Path) -> None:
    found = read(tmp_path, PLAIN)
    trials = found.trials
    assert found.metric == "accuracy"
    assert trials["test/accuracy"].to_list() == [0.93, 0.94, 0.95, 0.96]
    assert trials["validation/accuracy"].isna().all()
    assert trials["baseline"].to_list() == [True, True, False, False]
    assert set(trials["factor"]) == {"variant"}
    assert set(trials["status"]) == {"finished"}
    assert trials["run_id"].to_list()[0] == "runs.csv:2"
    assert found.notes == (
        "runs.csv names no split: values are taken as test.",
        "No baseline of variant was named: the first, relu, is taken.",
    )


def test_splits_of_a_training_stand_beside_each_other(tmp_path: Path) -> None:
    trials = read(tmp_path, SPLITS).trials.set_index(["factor", "level"])
    assert trials.loc[("activation", "gelu"), "validation/accuracy"] == 0.94
    assert trials.loc[("activation", "gelu"), "test/accuracy"] == 0.935
    assert trials.loc[("width", "64"), "status"] == "diverged"
    assert trials.loc[("width", "64"), "planned_epochs"] == 10
    assert trials.loc[("width", "relu"), "seconds"] == 30


def test_what_names_no_factor_serves_all_as_one_training(tmp_path: Path) -> None:
    trials = read(tmp_path, SPLITS).trials
    relu = trials[trials["level"] == "relu"]
    assert relu["factor"].to_list() == ["activation", "width"]
    assert relu["trial"].nunique() == relu["variant"].nunique() == 1
    assert relu["baseline"].all()


def test_equal_names_in_two_factors_are_two_variants(tmp_path: Path) -> None:
    text = "factor,variant,seed,accuracy\na,off,0,0.9\na,on,0,0.8\nb,off,0,0.9\nb,on,0,0.7\n"
    assert read(tmp_path, text).trials["variant"].nunique() == 4


@pytest.mark.parametrize("given", ["an option", "a column"])
def test_a_baseline_is_named_by(tmp_path: Path, given: str) -> None:
    if given == "an option":
        found = read(tmp_path, PLAIN, baseline="gelu")
    else:
        lines = PLAIN.splitlines()
        marks = ["baseline", "no", "no", "yes", "yes"]
        text = "\n".join(f"{line},{mark}" for line, mark in zip(lines, marks, strict=True))
        found = read(tmp_path, text)
    assert found.trials["baseline"].to_list() == [False, False, True, True]
    assert len(found.notes) == 1, "nothing was assumed"


def test_percent_is_told_from_fractions(tmp_path: Path) -> None:
    found = read(tmp_path, PLAIN.replace("0.9", "9"))
    assert found.trials["test/accuracy"].to_list() == [0.93, 0.94, 0.95, 0.96]
    assert "accuracy above 1 was read as percent." in found.notes
    loss = read(tmp_path, PLAIN.replace("accuracy", "loss").replace("0.9", "9"))
    assert loss.trials["test/loss"].to_list() == [93, 94, 95, 96]


def test_the_sign_of_percent_is_believed_below_one_too(tmp_path: Path) -> None:
    text = "variant,seed,accuracy\nrelu,0,0.9%\ngelu,0,0.5 %\n"
    found = read(tmp_path, text)
    assert found.trials["test/accuracy"].to_list() == pytest.approx([0.009, 0.005])
    assert not any("percent" in note for note in found.notes), "nothing was assumed"


def test_what_one_line_of_a_training_leaves_out_is_taken_from_the_other(tmp_path: Path) -> None:
    text = "variant,seed,split,run,budget,a\nx,0,test,,,1\nx,0,validation,r,10,1\n"
    trials = read(tmp_path, text).trials
    assert trials[["run_id", "planned_epochs"]].to_numpy().tolist() == [["r", 10.0]]


def test_every_end_that_a_trial_of_ours_can_have_is_known() -> None:
    assert set(STATUSES) == {*TERMINAL, *PENDING, "stopped", "timed_out"}


def test_a_spreadsheets_mark_spaces_and_empty_lines_do_no_harm(tmp_path: Path) -> None:
    text = "\ufeff" + PLAIN.replace(",", " , ").replace("gelu , 1", "\n\ngelu , 1")
    assert len(read(tmp_path, text).trials) == 4


@pytest.mark.parametrize(
    ("text", "options", "said"),
    [
        (PLAIN.replace("variant", "name"), {}, "no column variant .it has: name, seed, accuracy"),
        (PLAIN.replace("seed", "s"), {}, "no column seed"),
        (PLAIN, {"metric": "loss"}, "no column loss"),
        ("variant,seed\nrelu,0\n", {}, "which column is measured. there is no column for it"),
        ("variant,seed,a,b\nx,0,1,2\n", {}, "it could be a, b; say --metric NAME"),
        ("variant,seed,seed,a\nx,0,1,2\n", {}, "the column seed twice"),
        ("", {}, "no column variant .it has: none"),
        ("variant,seed,accuracy\n", {}, "no line below its head"),
        (PLAIN.replace("0.94", "good"), {}, "line 3: accuracy 'good' is no number"),
        (PLAIN.replace("0.94", ""), {}, "line 3: a finished training without accuracy"),
        (PLAIN.replace("0.94", "inf"), {}, "line 3: accuracy is inf"),
        (PLAIN.replace("relu,1", "relu,one"), {}, "line 3: seed 'one' is no whole number"),
        (PLAIN.replace("relu,1", "relu,0"), {}, "line 3: relu has seed 0 already in line 2"),
        (PLAIN.replace("relu,1", ",1"), {}, "line 3: no variant"),
        (PLAIN.replace("0.94", "0.94,x"), {}, "line 3: 4 cells under 3 heads"),
        (PLAIN.replace("0.94", "940"), {}, "accuracy must be a fraction or percent, found 940"),
        (SPLITS.replace("diverged", "lost"), {}, "line 6: status 'lost' is none of finished"),
        (SPLITS.replace(",test,,", ",train,,"), {}, "line 6: split 'train' is none of validation"),
        (
            SPLITS.replace("test,0.935,finished", "test,,failed"),
            {},
            "line 5: gelu seed 0 has status failed on test and finished before",
        ),
        (
            SPLITS.replace("0.935,finished,10", "0.935,finished,20"),
            {},
            "line 5: gelu seed 0 has budget 20 on test and 10 before: one training has one budget",
        ),
        (
            "variant,seed,split,run,a\nx,0,test,r1,1\nx,0,validation,r2,1\n",
            {},
            "line 3: x seed 0 has run r2 on validation and r1 before",
        ),
        (PLAIN.replace("0.94", "94%"), {}, "line 3 is in %, line 2 is not: write all values alike"),
        (SPLITS.replace("finished,10,30", "finished,10%,30"), {}, "budget '10%' is no number"),
        (PLAIN, {"baseline": "tanh"}, "--baseline tanh: runs.csv has no such variant"),
        ("variant,seed,a,baseline\nx,0,1,no\n", {}, "variant needs one baseline, found none"),
        ("variant,seed,a,baseline\nx,0,1,maybe\n", {}, "line 2: baseline 'maybe' is none of true"),
    ],
)
def test_nonsense_is_a_sentence(
    tmp_path: Path, text: str, options: dict[str, str], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        read(tmp_path, text, **options)


def test_a_file_that_cannot_be_read_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"cannot read .*no\.csv: No such file"):
        read_results(tmp_path / "no.csv")
    (tmp_path / "image.csv").write_bytes(b"\x89PNG\xff\xfe,\x00")
    with pytest.raises(ValueError, match="no CSV file in UTF-8"):
        read_results(tmp_path / "image.csv")

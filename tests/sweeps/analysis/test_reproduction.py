import math

import pytest

from search_spaces.budget import quick
from search_spaces.published import Published
from sweeps.analysis.reproduction import Reproduction, reproduction
from tests.sweeps.analysis.frames import blank, small
from tests.sweeps.analysis.reproduced import IMAGES, compared, study


def test_a_row_a_level_and_printed_quantity() -> None:
    frame = compared().frame.set_index(["quantity", "level"])
    assert list(frame.loc["accuracy"].index) == ["relu", "leaky_relu", "tanh"]
    relu = frame.loc[("accuracy", "relu")]
    assert (relu["printed"], relu["n"], relu["seeds"], relu["baseline"]) == (0.75, 3, 3, True)
    assert (relu["mean"], relu["sd"]) == (pytest.approx(0.72), pytest.approx(0.02))
    assert relu["difference"] == pytest.approx(-0.03)
    assert math.isnan(frame.loc[("accuracy", "leaky_relu"), "printed"])
    assert math.isnan(frame.loc[("accuracy", "leaky_relu"), "difference"])
    assert frame.loc[("seconds", "relu"), "mean"] == pytest.approx(31.0)


def test_what_was_printed_and_not_measured_is_told_and_has_no_row() -> None:
    found = compared()
    assert {row.quantity for row in found.rows} == {"accuracy", "seconds"}
    assert "Printed, but not measured here: train accuracy." in found.notes
    assert "Printed, but no level here: sigmoid." in found.notes


def test_an_accuracy_that_not_all_seeds_reach_is_not_compared() -> None:
    epochs = "epochs_to_accuracy_0.7"
    trials = small().assign(**{epochs: 5.0})
    trials.loc[(trials["level"] == "tanh") & (trials["seed"] == 10), epochs] = math.nan
    found = compared(trials, printed={"relu": {epochs: 4.0}, "tanh": {epochs: 4.0}})
    rows = {row.level: row for row in found.rows}
    assert (rows["relu"].difference, rows["relu"].status) == (1.0, "finished")
    assert (rows["tanh"].difference, rows["tanh"].status) == (None, "2 of 3 seeds have it")


def test_a_cut_budget_is_compared_in_what_it_does_not_change() -> None:
    short = quick(study())
    found = compared(
        budget="quick", base=short.base, factors=short.factors, seeds=(0, 1),
        printed={"relu": {"accuracy": 0.75, "parameters": 62_000.0}},
    )  # fmt: skip
    differences = {row.quantity: row.difference for row in found.rows if row.level == "relu"}
    assert differences == {"accuracy": None, "parameters": 6.0}


def test_without_printed_numbers_ours_stand_alone() -> None:
    found = compared(printed={})
    assert {row.quantity for row in found.rows} == {"accuracy"}
    assert all(row.printed is None and row.mean is not None for row in found.rows)
    assert found.notes[0].startswith("No number is printed for this study")
    assert not any("one seed" in note for note in found.notes)


def test_only_finished_trials_enter_a_mean() -> None:
    found = compared(blank(small(), "tanh", 12, "diverged"))
    (tanh,) = (r for r in found.rows if (r.level, r.quantity) == ("tanh", "accuracy"))
    assert (tanh.mean, tanh.n, tanh.seeds) == (pytest.approx(0.715), 2, 3)
    assert tanh.status == "1 diverged"


def test_a_level_without_a_value_keeps_its_row() -> None:
    frame = small()
    for seed in (10, 11, 12):
        frame = blank(frame, "leaky_relu", seed, "diverged")
    (row,) = (r for r in compared(frame, printed={}).rows if r.level == "leaky_relu")
    assert (row.mean, row.n, row.status) == (None, 0, "3 diverged")


def test_claims_are_judged_with_their_findings() -> None:
    (judgement,) = compared().claims
    assert judgement.claim == "leaky_relu > relu > tanh"
    assert judgement.verdict == "undecided"
    assert len(judgement.findings) == 2


def test_notes_say_what_is_not_comparable() -> None:
    notes = compared().notes
    assert "Printed numbers are of one seed, without a spread." in notes
    assert any("printed: not stated" in note for note in notes)
    assert notes[-2:] == ("Ours to choose.", "Printed twice.")
    assert not any("test images" in note for note in notes)  # report b chose on validation images


def test_numbers_printed_by_seed_have_a_spread() -> None:
    by_seed = {"relu": {"accuracy": (0.5, 0.6, 0.7), "loss": (1.0, 1.2, 1.4)}}
    result = Published.model_validate(
        {"id": "b_x", "kind": "study", "where": "s", "by_seed": by_seed}
    )
    found = reproduction(study(), result, "full", small(), IMAGES, study())
    assert (
        "Printed numbers of relu: means of 3 seeds; standard deviations: accuracy 10.00, "
        "loss 0.2000."
    ) in found.notes
    assert not any("without a spread" in note for note in found.notes)
    (relu,) = (r for r in found.rows if (r.level, r.quantity) == ("relu", "accuracy"))
    assert relu.printed == pytest.approx(0.6)


def test_a_report_that_chose_on_test_images_is_told_of() -> None:
    result = Published(id="c_x", kind="study", where="s", printed={"relu": {"seconds": 1.0}})
    full = study()
    notes = reproduction(full, result, "full", small(), IMAGES, full).notes
    assert any("on the test images, which flatters its numbers" in note for note in notes)
    assert any("GTX 1080 Ti" in note for note in notes)


def test_the_quick_budget_says_what_it_left_out() -> None:
    short = quick(study())
    found = compared(budget="quick", base=short.base, factors=short.factors, seeds=(0, 1))
    train, epochs = short.base.split.train, short.base.epochs
    assert train is not None
    assert found.notes[0] == (
        f"Quick budget ({epochs} of 200 epochs, {train:,} training images, "
        f"{epochs * (train // 128)} steps): directions only; accuracies are not those of the full "
        "budget."
    )
    seeds = compared(budget="quick", seeds=(0, 1)).notes[0]
    assert seeds == "Quick budget (fewer seeds): directions only."


def test_the_caption_says_what_ours_were_measured_with() -> None:
    caption = compared().caption
    for said in (
        "cifar10: 50,000 training, 5,000 validation, 5,000 test images, drawn from all of them.",
        "10 epochs; seeds 10, 11, 12; the last epoch counts.",
        "cpu, torch 2.15.0.",
    ):
        assert said in caption


def test_it_is_written_and_read_again() -> None:
    found = compared(blank(small(), "tanh", 12, "diverged"))
    assert Reproduction.model_validate_json(found.model_dump_json()) == found

import io

import pandas as pd
import pytest

from search_spaces.claims import Alike, Claim, Diverges, Ordering, Reaches
from sweeps.analysis.measure import HOLE, MINUS
from sweeps.analysis.rendering.comparison import FORMATS, fate, markdown, terminal, tidy
from tests.sweeps.analysis.frames import blank, small
from tests.sweeps.analysis.reproduced import PRINTED, compared

ACCURACIES = {level: {"accuracy": told["accuracy"]} for level, told in PRINTED.items()}


def test_one_quantity_has_its_unit_in_the_heads() -> None:
    lines = markdown(compared(printed=ACCURACIES)).splitlines()
    assert lines[0] == (
        "**b_activation (full budget): Which activation trains ResNet-18 best? Printed in "
        "report b, table 1.**"
    )
    assert lines[2] == (
        "| activation | n | printed accuracy (%) | ours (%) | difference (points) | status |"
    )
    assert lines[4:7] == [
        f"| relu (baseline) | 3 | 75.00 | 72.00 ± 2.00 | {MINUS}3.00 | finished |",
        f"| leaky_relu | 3 | {HOLE} | 75.00 ± 2.65 | {HOLE} | finished |",
        "| tanh | 3 | 70.00 | 72.00 ± 1.73 | +2.00 | finished |",
    ]


def test_several_quantities_stand_one_below_the_other() -> None:
    lines = markdown(compared()).splitlines()
    heads = [line.split("|")[1].strip() for line in lines if line.startswith("| **")]
    assert heads == ["**accuracy (%)**", "**time (s)**"]
    assert any(line.startswith("| tanh | 3 | ") for line in lines)


def test_the_full_budget_prints_verdicts() -> None:
    lines = markdown(compared()).splitlines()
    assert "- claim leaky_relu \\> relu \\> tanh: undecided at n = 3" in lines
    assert "  - leaky_relu \\> relu: +3.00 points \\[+0.52, +5.48\\]: upheld" in lines
    assert any(line.startswith("  - relu \\> tanh: ") and "undecided" in line for line in lines)


def test_the_quick_budget_prints_directions_and_no_verdict() -> None:
    text = markdown(compared(budget="quick"))
    assert "  - leaky_relu \\> relu: +3.00 points: as claimed\n" in text
    for word in ("upheld", "refuted", "undecided"):
        assert word not in text


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        (("leaky_relu", "relu"), "as claimed (direction only)"),
        (("relu", "leaky_relu"), "not as claimed (direction only)"),
        (("relu", "leaky_relu", "tanh"), "not as claimed (direction only)"),
    ],
)
def test_a_claim_points_where_all_its_comparisons_do(
    levels: tuple[str, ...], expected: str
) -> None:
    claim = Ordering(factor="activation", levels=levels)
    found = compared(budget="quick", claims=(claim,))
    assert fate(found.claims[0], found) == expected


@pytest.mark.parametrize(
    "claim",
    [
        Reaches(factor="activation", level="relu", at_least=0.5),
        Alike(factor="activation", levels=("relu", "tanh"), within=0.5),
    ],
)
def test_a_cut_budget_tells_nothing_of_numbers_that_are_to_be_reached(claim: Claim) -> None:
    quick, full = (compared(budget=budget, claims=(claim,)) for budget in ("quick", "full"))
    assert fate(quick.claims[0], quick) == "the full budget tells"
    assert fate(full.claims[0], full) == "upheld"
    assert "as claimed" not in markdown(quick)
    assert "upheld" in markdown(full)


def test_a_few_steps_point_nowhere() -> None:
    few = compared(budget="quick").model_copy(update={"steps": 24})
    assert fate(few.claims[0], few) == "the full budget tells: 24 steps are too few"
    assert "as claimed" not in markdown(few)
    enough = few.model_copy(update={"steps": 500})
    assert "direction only" in fate(enough.claims[0], enough)


def test_what_is_no_number_is_told_without_one() -> None:
    claim = Diverges(factor="activation", levels=("tanh",))
    text = markdown(compared(blank(small(), "tanh", 10, "diverged"), claims=(claim,)))
    assert "  - tanh: 1 of 3 diverged: undecided\n" in text


def test_the_terminal_has_what_the_document_has() -> None:
    text = terminal(compared(), width=100)
    assert max(map(len, text.splitlines())) <= 100
    for said in (
        *("75.00", "72.00 ± 2.00", "time (s)", "Printed twice."),
        "claim leaky_relu > relu > tanh: undecided",
        "  leaky_relu > relu: +3.00 points [+0.52, +5.48]: upheld",
    ):
        assert said in text


def test_csv_is_the_frame_at_full_precision() -> None:
    found = compared()
    frame = pd.read_csv(io.StringIO(tidy(found)), dtype={"mean": str})
    assert set(frame["id"]) == {"b_activation"}
    assert set(frame["budget"]) == {"full"}
    assert [float(mean) for mean in frame["mean"].dropna()] == [
        row.mean for row in found.rows if row.mean is not None
    ]


def test_a_study_without_claims_is_rendered_in_every_format() -> None:
    bare = compared(printed={}, claims=())
    for render in FORMATS.values():
        assert render(bare).endswith("\n")
    assert "claim " not in markdown(bare)

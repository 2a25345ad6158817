"""A table by two of its factors, as people see it."""

import pytest

from sweeps.analysis.rendering import FORMATS, render
from sweeps.analysis.rendering.layout import lay_out
from tests.sweeps.analysis import frames
from tests.sweeps.analysis.test_wide import FACTORS, TWO, factorial, table


def test_cells_are_mean_and_deviation_with_the_best_marked_and_what_they_lack() -> None:
    trials = frames.blank(factorial(TWO), "small x mse", 11, "diverged")
    layout = lay_out(table(TWO, "net", "loss", trials))
    assert [column.head for column in layout.columns] == [
        "net \N{MULTIPLICATION SIGN} loss",
        "ce",
        "mse",
        "focal",
    ]
    small, large = (line.cells for line in layout.groups[0].lines)
    assert small[:2] == ("small", "50.00 ± 0.10")
    assert small[2].endswith(" (2 of 3)")
    assert large[0] == "large"
    assert large[3].endswith("*")
    assert sum("*" in cell for cell in small + large) == 1


@pytest.mark.parametrize("name", [name for name in FORMATS if name != "csv"])
def test_every_format_for_people_shows_the_cells_and_says_what_they_are(name: str) -> None:
    text = " ".join(render(table(FACTORS, "norm", "net"), name).split())
    for said in (
        "loss mse",
        "50.00",
        "3 seeds",
        "Rows: norm; columns: net; all on test",
        "the best",
    ):
        assert said in text
    for of_differences in ("paired by", "Holm-adjusted over the study", "Intervals, effect sizes"):
        assert of_differences not in text


def test_csv_has_a_line_a_row_at_full_precision() -> None:
    head, first, *rest = render(table(TWO, "net", "loss"), "csv").splitlines()
    assert head.startswith("study,measure,split,interim,net,ce_mean,ce_sd,ce_n,ce_best,mse_mean")
    assert first.startswith("activations,accuracy,test,False,small,0.")
    assert len(rest) == 1


def test_latex_has_no_line_of_units_where_there_are_none() -> None:
    lines = render(table(TWO, "net", "loss"), "tex").splitlines()
    head = lines.index(r"\toprule") + 1
    assert lines[head].endswith(r"& ce & mse & focal \\")
    assert lines[head + 1] == r"\midrule"


def test_latex_says_when_it_is_wider_than_a_page() -> None:
    assert "points wide" not in render(table(TWO, "net", "loss"), "tex")
    small = render(table(TWO, "net", "loss"), "tex")
    assert r"\begin{table}" in small
    assert r"\end{table}" in small
    assert "table*" not in small
    many = {"net": ("a", "b"), "loss": tuple(f"loss_of_some_name_{n}" for n in range(6))}
    assert "points wide" in render(table(many, "net", "loss"), "tex")
    assert r"\begin{table*}" in render(table(many, "net", "loss"), "tex")
    assert "points wide" not in render(table(many, "loss", "net"), "tex")

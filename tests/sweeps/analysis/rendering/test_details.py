from dataclasses import replace

import pandas as pd
import pytest

from sweeps.analysis.rendering.details import details_note, lay_out_details
from sweeps.analysis.table import Table, ablation_table
from tests.sweeps.analysis import frames


def table(trials: pd.DataFrame | None = None, margin: float | None = None) -> Table:
    trials = frames.small() if trials is None else trials
    return ablation_table(trials, replace(frames.CONTEXT, margin=margin))


def worded(shown: Table, level: str) -> dict[str, str]:
    layout = lay_out_details(shown)
    (line,) = [line for line in layout.groups[0].lines if line.cells[0].startswith(level)]
    return {c.head: cell for c, cell in zip(layout.columns, line.cells, strict=True)}


def test_cells_tell_what_stands_behind_a_verdict() -> None:
    assert worded(table(), "leaky_relu") == {
        "activation": "leaky_relu",
        "95 % interval, test (%)": "[68.43, 81.57]",
        "sd of Δ (points)": "1.00",
        "effect (g)": "1.69",
        "p (t)": "0.035",
        "p (sign flip)": "0.250",
        "detectable (points)": "3.26",
    }


def test_where_levels_stop_at_looks_the_note_says_what_is_adjusted_for_them() -> None:
    noise = [0.011, -0.006, 0.004, -0.009, 0.002, -0.002, 0.006, -0.006]
    levels = {"relu": [0.7] * 8, "tanh": [0.7 + value for value in noise]}
    context = replace(frames.CONTEXT, looks=(4, 6, 8))
    shown = ablation_table(frames.trials({"activation": levels}), context)
    cells = worded(shown, "tanh")
    assert "p (t, all looks)" in cells
    assert not {"p (sign flip)", "p (t)"} & set(cells)
    assert shown.frame["p_flip"].isna().all()
    note = details_note(shown)
    assert note.startswith("Interval of the mean: t, at the level of the look. sd of")
    assert "p: adjusted for all looks, not for other comparisons. Detectable: what a" in note
    assert "last look, of 8 seeds, finds at its level of 0.044 in 80 %" in note
    assert not any(said in note for said in ("not adjusted", "sign flip", "0.05"))


def test_equality_has_columns_where_a_margin_was_stated() -> None:
    cells = worded(table(margin=4.0), "leaky_relu")
    assert cells["p (equal, Holm)"] == "0.113"
    assert cells["seeds to find 4"] == "3"
    assert worded(table(margin=0.001), "tanh")["seeds to find 0.001"] == ">9,999"


def test_divergence_has_columns_where_something_diverged() -> None:
    cells = worded(table(frames.blank(frames.small(), "tanh", 12, "diverged")), "tanh")
    assert (cells["diverged"], cells["p (Fisher, Holm)"]) == ("1 of 3", "1.000")
    assert {cells["effect (g)"], cells["95 % interval, test (%)"]} == {"\N{EN DASH}"}


@pytest.mark.parametrize(
    ("seeds", "said"),
    [
        (3, "exact, takes symmetry only, and with 3 seeds cannot fall below 0.25, above 0.05."),
        (6, "exact, takes symmetry only, and with 6 seeds cannot fall below 0.031."),
        (17, "of random signs, takes symmetry only, and with 17 seeds cannot fall below 6e-05."),
    ],
)
def test_the_note_says_what_a_sign_flip_can_reach(seeds: int, said: str) -> None:
    values = [0.7 + 0.01 * (seed % 4) for seed in range(seeds)]
    other = [value + 0.001 * (seed % 3) for seed, value in enumerate(values)]
    shown = table(frames.trials({"activation": {"relu": values, "tanh": other}}))
    assert said in details_note(shown)
    assert details_note(shown).startswith("Interval of the mean: t. sd of")

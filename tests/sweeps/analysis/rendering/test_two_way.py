from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from sweeps.analysis.rendering import FORMATS, render
from sweeps.analysis.rendering.two_way import lay_out_two_way, two_way_note
from sweeps.analysis.table import Table, ablation_table
from sweeps.analysis.two_way import Crossed
from tests.sweeps.analysis import frames

CROSSED = Crossed("norm", "rate", ("none", "batch"), ("low", "mid", "high"))


def table(trials: pd.DataFrame) -> Table:
    return ablation_table(trials, replace(frames.CONTEXT, crossed=CROSSED))


def trials() -> pd.DataFrame:
    noise = np.random.default_rng(0).normal(0.0, 0.002, (6, 3))
    levels = {
        f"{row} x {column}": (0.7 + 0.05 * (row == "batch") + noise[3 * i + j]).tolist()
        for i, row in enumerate(CROSSED.row_levels)
        for j, column in enumerate(CROSSED.column_levels)
    }
    return frames.trials({"norm x rate": levels})


def lines(shown: Table) -> list[tuple[str, ...]]:
    assert shown.grid is not None
    layout = lay_out_two_way(shown, shown.grid)
    assert [column.head for column in layout.columns] == ["norm", "low", "mid", "high", "mean"]
    return [line.cells for line in layout.groups[0].lines]


def test_the_grid_has_a_cell_for_each_pair_and_means_at_its_ends() -> None:
    none, batch, mean = lines(table(trials()))
    assert none[0:2] == ("none", "70.04 ± 0.08")
    assert batch[0] == "batch"
    assert mean == ("mean", "72.46", "72.37", "72.50", "72.44")


def test_a_cell_that_lacks_seeds_says_so_and_has_no_mean_at_the_ends() -> None:
    frame = frames.blank(trials(), "none x mid", 12, "diverged")
    for seed in (10, 11, 12):
        frame = frames.blank(frame, "batch x high", seed, "failed")
    shown = table(frame)
    none, batch, mean = lines(shown)
    assert none[2].endswith(" (2 of 3)")
    assert batch[3:] == ("\N{EN DASH}", "\N{EN DASH}")
    assert mean[3:] == ("\N{EN DASH}", "\N{EN DASH}")
    assert shown.grid is not None
    assert two_way_note(shown.grid).startswith("Interaction: not tested")


def test_the_note_tells_of_each_effect_and_of_what_it_takes() -> None:
    grid = table(trials()).grid
    assert grid is not None
    note = two_way_note(grid)
    assert "norm: F(1, 2) = " in note
    assert "interaction: F(2, 4) = " in note
    assert note.count("at most") == 2, "two levels need no equal variances"


@pytest.mark.parametrize("name", [name for name in FORMATS if name != "csv"])
def test_every_format_for_people_shows_it(name: str) -> None:
    text = " ".join(render(table(trials()), name).split())
    for word in ("norm by rate", "72.44", "interaction: F(2, 4)"):
        assert word in text

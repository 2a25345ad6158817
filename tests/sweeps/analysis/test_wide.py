import itertools
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from sweeps.analysis.table import Table, ablation_table
from sweeps.analysis.wide import beside, lay_wide
from tests.sweeps.analysis import frames

FACTORS = {"net": ("small", "large"), "loss": ("ce", "mse", "focal"), "norm": ("batch", "none")}
TWO = {name: FACTORS[name] for name in ("net", "loss")}


def table(
    factors: dict[str, tuple[str, ...]], rows: str, columns: str, trials: pd.DataFrame | None = None
) -> Table:
    wide = lay_wide(factors, rows, columns)
    trials = factorial(factors) if trials is None else trials
    return ablation_table(trials, replace(frames.CONTEXT, wide=wide))


def factorial(factors: dict[str, tuple[str, ...]]) -> pd.DataFrame:
    """Every combination at three seeds; the n-th has a mean of 0.5 + 0.02 n."""
    luck = np.array([-0.001, 0.0, 0.001])
    noise = np.random.default_rng(0).normal(0, 1e-4, (12, 3))
    noise -= noise.mean(1, keepdims=True)
    levels = {
        " x ".join(names): (0.5 + 0.02 * place + luck + noise[place]).tolist()
        for place, names in enumerate(itertools.product(*factors.values()))
    }
    return frames.trials({" x ".join(factors): levels})


def test_cells_stand_where_their_levels_cross_whichever_way_it_is_turned() -> None:
    shown = table(TWO, "loss", "net").shown
    assert shown["loss"].to_list() == ["ce", "mse", "focal"]
    assert shown["small_mean"].to_list() == pytest.approx([0.50, 0.52, 0.54])
    assert shown["large_mean"].to_list() == pytest.approx([0.56, 0.58, 0.60])
    turned = table(TWO, "net", "loss").shown
    assert turned["mse_mean"].to_list() == pytest.approx([0.52, 0.58])
    assert turned["mse_n"].to_list() == [3, 3]


def test_further_factors_have_a_grid_for_each_of_their_levels() -> None:
    wide = lay_wide(FACTORS, "norm", "net")
    assert list(wide.grids) == ["loss ce", "loss mse", "loss focal"]
    assert wide.grids["loss mse"] == (
        ("small x mse x batch", "large x mse x batch"),
        ("small x mse x none", "large x mse x none"),
    )
    shown = table(FACTORS, "norm", "net").shown
    assert shown["grid"].to_list()[:3] == ["loss ce", "loss ce", "loss mse"]
    assert shown["large_mean"].to_list()[:2] == pytest.approx([0.62, 0.64])


def test_the_best_is_the_tables_own_and_never_a_cell_that_lacks_a_seed() -> None:
    whole = table(TWO, "net", "loss").shown
    assert whole[["ce_best", "mse_best", "focal_best"]].to_numpy().tolist() == [
        [False, False, False],
        [False, False, True],
    ]
    lost = frames.blank(factorial(TWO), "large x focal", 11, "diverged")
    shown = table(TWO, "net", "loss", lost).shown
    assert shown["focal_n"].to_list() == [3, 2]
    assert pd.isna(shown["focal_best"][1])
    assert shown["mse_best"].to_list() == [False, True]


def test_a_base_recipe_that_no_pair_of_levels_gives_stands_beside() -> None:
    trials = factorial(TWO)
    base = trials[trials["level"] == "small x ce"]
    base = base.assign(level="(base)", variant="b", trial=base["trial"] + "b")
    trials = pd.concat([trials.assign(baseline=False), base.assign(baseline=True)])
    found = table(TWO, "net", "loss", trials)
    assert found.wide is not None
    assert beside(found.frame, found.wide)["level"].to_list() == ["(base)"]
    assert "Not in the grid: (base), which no pair of levels gives." in found.footnotes


@pytest.mark.parametrize(
    ("rows", "columns", "said"),
    [
        ("nett", "loss", "--rows: the study has no factor 'nett': did you mean 'net'"),
        ("net", "lost", "--cols: the study has no factor 'lost': did you mean 'loss'"),
        ("net", "net", "want two factors, got 'net' twice"),
    ],
)
def test_wrong_names_are_a_sentence(rows: str, columns: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        lay_wide(FACTORS, rows, columns)

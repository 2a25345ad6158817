import numpy as np
import pandas as pd
import pytest
from scipy import stats

from sweeps.analysis.rendering.two_way import two_way_note
from sweeps.analysis.two_way import Crossed, two_way
from tests.sweeps.analysis import frames

CROSSED = Crossed("norm", "rate", ("none", "batch"), ("0.01", "0.1"))
SEEDS = np.random.default_rng(0).normal(0.7, 0.05, 5)
NOISE = np.random.default_rng(1).normal(0.0, 0.01, (4, 5))


def trials(interaction: float = 0.0) -> pd.DataFrame:
    """A factorial design whose cells share their seeds' luck."""
    levels = {
        "none x 0.01": SEEDS + NOISE[0],
        "none x 0.1": SEEDS + 0.02 + NOISE[1],
        "batch x 0.01": SEEDS + 0.05 + NOISE[2],
        "batch x 0.1": SEEDS + 0.07 + interaction + NOISE[3],
    }
    named = {name: values.tolist() for name, values in levels.items()}
    return frames.trials({"norm x rate": named})


def test_cells_stand_where_their_levels_cross() -> None:
    grid = two_way(trials().sample(frac=1, random_state=0), CROSSED, "test/accuracy")
    assert grid.means[1, 0] == pytest.approx((SEEDS + 0.05 + NOISE[2]).mean())
    assert grid.deviations[0, 1] == pytest.approx((SEEDS + NOISE[1]).std(ddof=1))
    assert grid.completed.tolist() == [[5, 5], [5, 5]]


def test_the_interaction_of_two_by_two_is_the_paired_t_test_of_its_contrast() -> None:
    grid = two_way(trials(interaction=0.02), CROSSED, "test/accuracy")
    contrast = (NOISE[3] + 0.02 - NOISE[2]) - (NOISE[1] - NOISE[0])
    expected = stats.ttest_1samp(contrast, 0.0)
    rows, columns, interaction = grid.effects
    assert [effect.name for effect in grid.effects] == ["norm", "rate", "interaction"]
    assert interaction.p == pytest.approx(expected.pvalue)
    assert interaction.f == pytest.approx(expected.statistic**2)
    assert interaction.freedom == (1, 4)
    of_rows = (NOISE[2] + NOISE[3] + 0.02 - NOISE[0] - NOISE[1]) / 2 + 0.05
    assert rows.p == pytest.approx(stats.ttest_1samp(of_rows, 0.0).pvalue)
    assert columns.p != pytest.approx(rows.p)


def test_without_equal_variances_three_levels_have_a_bound() -> None:
    crossed = Crossed("norm", "rate", ("none", "batch"), ("1", "2", "3"))
    noise = iter(np.random.default_rng(2).normal(0.7, 0.01, (6, 5)).tolist())
    names = [f"{row} x {column}" for row in crossed.row_levels for column in crossed.column_levels]
    frame = frames.trials({"norm x rate": {name: next(noise) for name in names}})
    *_, interaction = two_way(frame, crossed, "test/accuracy").effects
    assert interaction.freedom == (2, 8)
    assert interaction.p_bound >= interaction.p
    assert interaction.p_bound == pytest.approx(
        max(interaction.p, stats.f.sf(interaction.f, 1, 4)), rel=1e-9
    )


def test_a_cell_without_a_seed_stands_and_leaves_nothing_to_test() -> None:
    frame = frames.blank(trials(), "batch x 0.1", 12, "diverged")
    grid = two_way(frame, CROSSED, "test/accuracy")
    assert grid.completed[1, 1] == 4
    assert grid.effects == ()
    for seed in range(10, 15):
        frame = frames.blank(frame, "none x 0.1", seed, "diverged")
    assert np.isnan(two_way(frame, CROSSED, "test/accuracy").means[0, 1])


def test_without_any_spread_there_is_nothing_to_test() -> None:
    frame = trials().assign(**{"test/accuracy": 0.5})
    assert two_way(frame, CROSSED, "test/accuracy").effects == ()


def test_what_is_the_same_at_every_seed_is_not_tested_and_the_rest_is() -> None:
    by_norm = [SEEDS + NOISE[0], SEEDS + 0.05 + NOISE[1]]
    levels = {
        f"{norm} x {rate}": (values + shift).tolist()
        for norm, values in zip(CROSSED.row_levels, by_norm, strict=True)
        for rate, shift in (("0.01", 0.0), ("0.1", 0.0213))
    }
    grid = two_way(frames.trials({"norm x rate": levels}), CROSSED, "test/accuracy")
    (norm,) = grid.effects
    assert norm.name == "norm"
    assert norm.p == pytest.approx(stats.ttest_rel(*by_norm).pvalue)
    note = two_way_note(grid)
    assert "rate: the same at every seed, not tested; interaction: the same at every seed" in note
    assert note.startswith("norm: F(1, 4) = ")


def test_an_effect_is_tested_though_one_of_its_contrasts_is_constant() -> None:
    crossed = Crossed("norm", "rate", ("none", "batch"), ("1", "2", "3"))
    levels = {
        f"{norm} x {rate}": (SEEDS + sign * NOISE[0] + own).tolist()
        for norm, own in zip(crossed.row_levels, NOISE[1:3], strict=True)
        for rate, sign in (("1", 0.0), ("2", 1.0), ("3", -1.0))
    }
    effects = two_way(frames.trials({"norm x rate": levels}), crossed, "test/accuracy").effects
    assert [effect.name for effect in effects] == ["norm", "rate"]


def test_a_factor_of_one_level_has_no_effect() -> None:
    frame = trials()[lambda found: found["level"].str.startswith("none")]
    alone = Crossed("norm", "rate", ("none",), ("0.01", "0.1"))
    grid = two_way(frame, alone, "test/accuracy")
    assert grid.means.shape == (1, 2)
    assert grid.effects == ()

"""What is told of a search's parameters, on numbers that are known."""

import numpy as np
import pandas as pd
import pytest

from sweeps.analysis.importance import (
    Importance,
    effect_cells,
    explained_by_options,
    marginal_effects,
    shares,
)
from sweeps.analysis.measure import find_measure


def test_a_choice_explains_how_much_its_options_differ() -> None:
    best = np.array([True, True, True, False, True, False, False, False])
    assert explained_by_options(list("aaaabbbb"), best) == pytest.approx(0.25**2 / 0.25)
    assert explained_by_options(list("aaabaccc"), best) == pytest.approx(1.0)
    assert explained_by_options([True] * 8, best) == 0.0
    assert explained_by_options([1, 1, 2, 2, 2, 1, 1, 2], best) == explained_by_options(
        list("xxyyyxxy"), best
    )
    assert np.isnan(explained_by_options(list("aabb"), np.ones(4, dtype=bool)))


def test_the_mean_by_level_and_by_bin() -> None:
    suggested = [{"width": w, "rate": r} for w in (8, 16) for r in (1e-3, 1e-2, 1e-1, 1.0, 1.0)]
    values = pd.DataFrame({"suggested": suggested, "value": np.arange(10.0)})
    effects = marginal_effects(values, ["width", "rate"])
    width = effects[effects["parameter"] == "width"]
    assert width[["level", "mean", "n"]].to_numpy().tolist() == [["8", 2.0, 5], ["16", 7.0, 5]]
    rate = effects[effects["parameter"] == "rate"]
    assert rate["n"].to_list() == [2, 2, 2, 4]
    assert rate["mean"].isna().to_list() == [True, True, True, False]
    assert rate["mean"].to_list()[3] == 6.0
    assert effect_cells(Importance(1, 1, shares([]), effects), find_measure("loss"))[1:3] == [
        ("width", "16", "5", "7.0000"),
        ("rate", "0.001", "2", "\N{EN DASH}"),
    ]
    assert set(marginal_effects(values, ["rate"])["parameter"]) == {"rate"}

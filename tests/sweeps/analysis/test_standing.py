from typing import Any

import pandas as pd
import pytest

from sweeps.analysis.standing import standing

FROZEN = {"seeds": 2, "metric": "accuracy"}
TRIALS = pd.DataFrame({"trial": ["a", "b", "s"], "role": ["ablation", "ablation", "search"]})
CURVES = pd.DataFrame(
    {"trial": ["a", "a", "b", "s"], "epoch": [1, 2, 1, 1], "time": [200.0, 300.0, 210.0, 50.0]}
)


@pytest.mark.parametrize(
    ("study", "written", "said"),
    [
        ({}, 100.0, "Confirmatory: it was written down as abc on 1970-01-01 00:01 UTC"),
        ({}, 205.0, "when 1 of its 2 trials had been trained"),
        ({}, 400.0, "when 2 of its 2 trials had been trained"),
        ({"seeds": 3}, 100.0, "Exploratory: .* with other seeds$"),
        ({"seeds": 3, "metric": "loss"}, 400.0, "with other seeds, metric$"),
    ],
)
def test_what_was_known_before_is_not_confirmed(
    study: dict[str, Any], written: float, said: str
) -> None:
    found = standing("abc", written, FROZEN, FROZEN | {"name": "small"} | study, TRIALS, CURVES)
    assert pd.Series([found]).str.contains(said).all(), found


def test_trials_that_have_not_ended_were_not_known() -> None:
    running = CURVES.drop(columns="time")
    assert standing("abc", 1.0, FROZEN, FROZEN, TRIALS, running).startswith("Confirmatory")
    assert standing("abc", 1.0, FROZEN, FROZEN, TRIALS, running[:0]).startswith("Confirmatory")

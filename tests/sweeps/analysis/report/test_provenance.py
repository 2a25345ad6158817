import pandas as pd

from sweeps.analysis.measure import HOLE
from sweeps.analysis.report.provenance import (
    baseline_recipe,
    environment,
    recipe_differences,
    spending,
)
from tests.sweeps.analysis import frames
from tests.sweeps.analysis.report.materials import RECIPES, material


def test_levels_differ_from_their_baseline_in_these_paths() -> None:
    assert recipe_differences(material().table, RECIPES) == [
        ("activation", "leaky_relu", "activation", "relu", "leaky_relu"),
        ("activation", "leaky_relu", "slope", HOLE, "0.01"),
        ("activation", "tanh", "activation", "relu", "tanh"),
    ]
    assert recipe_differences(material().table, {}) == []


def test_the_baselines_recipe_has_neither_seed_nor_numerics() -> None:
    assert baseline_recipe(material().table, RECIPES) == [("activation", "relu"), ("lr", "0.1")]
    assert baseline_recipe(material().table, {}) == []


def test_what_trials_ran_on_with_all_values_that_occur() -> None:
    trials = frames.small().assign(git_commit="", node="here")
    trials.loc[0, "torch"] = "2.14.0"
    search = frames.small().assign(role="search", torch="1.0")
    found = dict(environment(pd.concat([trials, search]), RECIPES))
    assert found == {
        "hardware": "cpu",
        "machine": "here",
        "torch": "2.15.0 (8 trials); 2.14.0 (1 trials)",
        "device": "cpu",
    }


def test_what_each_phase_took() -> None:
    spent = spending(material().trials).set_index("role")
    assert list(spent.index) == ["search", "ablation"]
    assert spent.loc["search", "outcomes"] == "3 finished, 2 stopped"
    assert spent.loc["ablation", "epochs"] == 90
    assert spent.loc["ablation", "seconds"] == 3 * (30 + 31 + 32)
    twice = pd.concat([frames.small(), frames.small()])
    assert spending(twice)["trials"].to_list() == [9]

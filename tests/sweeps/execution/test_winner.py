"""Choosing the winner: only trials that were trained to their end, on validation alone."""

import pytest

from cifar_models.recipe import Recipe
from search_spaces import LogRange, Search, Study
from sweeps.execution.plan import Cell
from sweeps.execution.winner import best_recipes, winner
from sweeps.record.identity import TrialSpec
from sweeps.record.journal import TrialRecord
from tests.sweeps.execution.specs import spec, study

STUDY: Study = study(search=Search(space={"optimizer.lr": LogRange(0.01, 1.0)}, trials=4, top_k=2))


def trained(of: TrialSpec, value: float, status: str = "finished") -> TrialRecord:
    metrics = {"validation/accuracy": value, "test/accuracy": 1 - value}
    return TrialRecord(of.id, spec=of.to_json(), status=status, results={4: {"metrics": metrics}})


def recipes(count: int) -> list[Recipe]:
    return [STUDY.base.replace({"optimizer.lr": 0.01 * (i + 1)}) for i in range(count)]


def test_the_best_come_first_and_stopped_ones_never() -> None:
    a, b, c, d = recipes(4)
    records = [
        trained(spec(a), 0.5),
        trained(spec(b), 0.7),
        trained(spec(c), 0.99, "stopped"),
        trained(spec(d), 0.6),
    ]
    assert best_recipes(STUDY, records) == [b, d]


def test_a_search_without_a_finished_trial_is_a_sentence() -> None:
    with pytest.raises(ValueError, match="no trial of the search"):
        best_recipes(STUDY, [trained(spec(recipes(1)[0]), 0.9, "diverged")])


def test_the_winner_has_the_best_mean_over_fresh_seeds() -> None:
    a, b = recipes(2)
    values = {(a, 1): 0.9, (a, 2): 0.1, (b, 1): 0.6, (b, 2): 0.6}
    cells = [Cell(spec(recipe, seed), "selection") for recipe, seed in values]
    records = {
        cell.spec.id: trained(cell.spec, value)
        for cell, value in zip(cells, values.values(), strict=True)
    }
    assert winner(STUDY, cells, records) == b
    lower = STUDY.replace(metric="loss")
    for record, value in zip(records.values(), values.values(), strict=True):
        record.results[4]["metrics"]["validation/loss"] = value
    assert winner(lower, cells, records) == a


def test_a_recipe_that_diverged_with_a_seed_loses_to_one_that_did_not() -> None:
    a, b = recipes(2)
    cells = [Cell(spec(recipe, seed), "selection") for recipe in (a, b) for seed in (1, 2)]
    outcomes = [(0.9, "finished"), (0.1, "diverged"), (0.6, "finished"), (0.6, "finished")]
    records = {
        cell.spec.id: trained(cell.spec, value, status)
        for cell, (value, status) in zip(cells, outcomes, strict=True)
    }
    assert winner(STUDY, cells, records) == b

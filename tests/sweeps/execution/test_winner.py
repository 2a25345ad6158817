"""Choosing the winner: only trials that were trained to their end, on validation alone."""

import pytest

from cifar_models.recipe import Recipe
from search_spaces import LogRange, Search, Study, TunedOneFactor, factor
from sweeps.execution.plan import Cell
from sweeps.execution.winner import best_recipes, tuned_arms, winner
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


def test_each_arm_takes_the_best_of_its_own_candidates() -> None:
    losses = factor("loss", "loss", "cross_entropy", "focal").with_nuisance(
        {"optimizer.lr": LogRange(0.01, 1.0)}
    )
    tuned = study(factors=(losses,), design=TunedOneFactor(trials=3))
    arms = tuned.arms()
    cells = [
        Cell(spec(recipe, 7), "tuning", arm.factor, arm.level)
        for arm in arms
        for recipe in arm.candidates(3)
    ]
    records = {cell.spec.id: trained(cell.spec, 0.5) for cell in cells}
    records[cells[1].spec.id] = trained(cells[1].spec, 0.6)
    records[cells[2].spec.id] = trained(cells[2].spec, 0.9, "diverged")
    recipes = [arm.recipe for arm in tuned_arms(tuned, arms, cells, records)]
    assert recipes == [cells[1].spec.recipe, arms[1].recipe]  # of equal ones the first


def test_an_arm_whose_candidates_all_diverge_stays_as_it_is_written() -> None:
    losses = factor("loss", "loss", "cross_entropy").with_nuisance(
        {"optimizer.lr": LogRange(0.01, 1.0)}
    )
    tuned = study(factors=(losses,), design=TunedOneFactor(trials=3))
    arms = tuned.arms()
    cells = [
        Cell(spec(recipe, 7), "tuning", "loss", "cross_entropy") for recipe in arms[0].candidates(3)
    ]
    records = {cell.spec.id: trained(cell.spec, 0.9, "diverged") for cell in cells}
    assert tuned_arms(tuned, arms, cells, records) == arms


def test_of_several_objectives_only_the_front_is_selected_from() -> None:
    """The best by the metric of those that nothing beats, not the best of all."""
    search = Search(
        space={"optimizer.lr": LogRange(0.01, 1.0)}, scheduler="none", top_k=3,
        objectives=("accuracy", "parameters"),
    )  # fmt: skip
    asked = STUDY.replace(search=search)
    a, b, c, d = recipes(4)
    records = [trained(spec(r), v) for r, v in ((a, 0.9), (b, 0.8), (c, 0.5), (d, 0.95))]
    for record, parameters in zip(records, ("100", "200", "10", ""), strict=True):
        record.facts = {"parameters": parameters} if parameters else {}
    assert best_recipes(asked, records) == [a, c]

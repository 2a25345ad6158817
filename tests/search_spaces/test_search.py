"""A search: what goes together, and with what it begins."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from cifar_models.component import sentence
from cifar_models.optimizers import SGD, Adam
from search_spaces import LogRange, Search, Study, choice, tuned
from search_spaces.bases import SMALL_CNN
from search_spaces.space import Space

RATES: Space = {"optimizer.lr": LogRange(1e-3, 1.0)}
GRID: Space = {"batch_size": choice(64, 128, 256), "loss": choice("cross_entropy", "multi_margin")}


def study(**changes: Any) -> Study:
    return Study(
        name="s", question="?", base=SMALL_CNN, search=Search(space=RATES, trials=4),
    ).replace(**changes)  # fmt: skip


def refused(**changes: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        Search(**{"space": RATES} | changes)
    return sentence(caught.value)


def test_a_grid_has_as_many_trials_as_points() -> None:
    assert Search(space=RATES).trials == 32
    search = Search(space=GRID, sampler="grid")
    assert search.trials == 6
    assert Search.model_validate(search.model_dump() | {"trials": 4}).trials == 4
    assert Search.model_validate(json.loads(json.dumps(search.model_dump(mode="json")))) == search
    assert "the grid has 6 points, which 7 trials exceed" in refused(
        space=GRID, sampler="grid", trials=7
    )
    assert "continuous range [0.001, 1] of optimizer.lr" in refused(sampler="grid")
    assert "trials" in refused(trials=0)


def test_what_does_not_go_together_is_a_sentence() -> None:
    two = ("accuracy", "parameters")
    assert Search(space=RATES, objectives=two, scheduler="none").rungs(27) == ()
    for scheduler in ("asha", "halving"):
        assert f"no trial can be stopped early: {scheduler} would not know" in refused(
            objectives=two, scheduler=scheduler
        )
        assert "nsga2 learns only from trials" in refused(sampler="nsga2", scheduler=scheduler)
    assert "two or more distinct ones, got accuracy;" in refused(
        objectives=("accuracy",), scheduler="none"
    )
    assert "distinct" in refused(objectives=("accuracy", "accuracy"), scheduler="none")


def test_objectives_are_measures_of_the_study_its_metric_among_them() -> None:
    def objectives(*names: str, **changes: Any) -> Study:
        search = Search(space=RATES, scheduler="none", objectives=names)
        return study(search=search, **changes)

    asked = objectives("accuracy", "flops", costs=("flops",))
    assert [asked.ascends(name) for name in ("accuracy", "flops", "seconds")] == [
        True,
        False,
        False,
    ]
    assert objectives("loss", "images_per_second", costs=("images_per_second",), metric="loss")
    with pytest.raises(ValueError, match=r"a study can have: give it costs=\('flops',\)"):
        objectives("accuracy", "flops")
    with pytest.raises(ValueError, match="unknown objective 'flosp': did you mean 'flops'"):
        objectives("accuracy", "flosp", costs=("flops",))
    with pytest.raises(ValueError, match="metric accuracy must be one of the objectives"):
        objectives("macro_f1", "parameters")


def test_the_base_recipe_comes_first_then_given_points_then_the_grid_each_once() -> None:
    points = ({"batch_size": 256}, {"batch_size": 128}, {"batch_size": 256})
    search = Search(space=GRID, sampler="grid", points=points)
    begun = [(p["batch_size"], p["loss"]) for p in search.starting_points(SMALL_CNN)]
    assert begun[:3] == [
        ("128", "cross_entropy"),
        ("256", "cross_entropy"),
        ("64", "cross_entropy"),
    ]
    assert len(begun) == len(set(begun)) == 6
    without = search.model_copy(update={"baseline_first": False})
    assert next(without.starting_points(SMALL_CNN))["batch_size"] == "256"


def test_a_base_recipe_outside_the_space_is_passed_over() -> None:
    search = Search(space={"optimizer": choice(tuned(Adam(), "lr"))})
    assert not search.has_baseline(SMALL_CNN)
    assert list(search.starting_points(SMALL_CNN)) == []
    assert Search(space=RATES).has_baseline(SMALL_CNN)
    assert not Search(space=RATES, baseline_first=False).has_baseline(SMALL_CNN)


def test_a_given_point_outside_the_space_is_refused_at_once() -> None:
    points: tuple[dict[str, Any], ...] = ({"optimizer.lr": 0.3}, {"optimizer": SGD(lr=3.0)})
    with pytest.raises(ValueError, match=r"search.points.1: .*optimizer.lr = 3.0 lies outside"):
        study(search=Search(space=RATES, points=points))
    assert study(search=Search(space=RATES, points=points[:1]))


def test_points_survive_json() -> None:
    asked = study(
        search=Search(
            space=RATES,
            points=({"optimizer.lr": 0.3}, {"optimizer": SMALL_CNN.phases[0].optimizer}),
        )
    )
    assert Study.model_validate(json.loads(json.dumps(asked.model_dump(mode="json")))) == asked

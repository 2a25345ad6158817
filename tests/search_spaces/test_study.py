import json
from typing import Any

import pytest
from pydantic import ValidationError

from cifar_models.component import sentence
from cifar_models.costs import EpochsToAccuracy
from cifar_models.optimizers import SGD, Adam
from search_spaces import (
    Factorial,
    IntRange,
    LogRange,
    Range,
    Search,
    Study,
    TunedOneFactor,
    choice,
    factor,
    tuned,
)
from search_spaces.bases import SMALL_CNN
from search_spaces.study import SEARCH_SEED, SELECTION_SEED

STUDY = Study(
    name="example",
    question="What matters?",
    base=SMALL_CNN,
    factors=(factor("activation", "model.activation", "relu", "mish"),),
    search=Search(
        space={"optimizer": choice(tuned(SGD(), "lr"), tuned(Adam(), "lr", "weight_decay"))},
        trials=5,
    ),
    seeds=3,
)


def refused(**changes: Any) -> str:
    with pytest.raises(ValueError, match="not a valid study: ") as caught:
        STUDY.replace(**changes)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    "study",
    [
        STUDY,
        STUDY.replace(search=None, seeds=(0, 10, 20), selection="best", reruns="b_activation"),
        STUDY.replace(factors=(), metric="loss"),
        STUDY.replace(design=Factorial(), metric="macro_f1"),
    ],
)
def test_a_study_survives_json(study: Study) -> None:
    text = json.dumps(study.model_dump(mode="json"))
    assert Study.model_validate(json.loads(text)) == study


def test_a_margin_is_a_positive_number_or_none() -> None:
    assert STUDY.margin is None
    assert STUDY.replace(margin=0.5).margin == 0.5
    assert "margin" in refused(margin=0)


def test_what_levels_change_is_known_by_path() -> None:
    wide = factor("size", "batch_size", 16, 32)
    assert STUDY.replace(factors=(*STUDY.factors, wide)).changed == {
        "model.activation",
        "batch_size",
    }


def test_seeds_are_counted_or_listed() -> None:
    assert STUDY.seed_list == (0, 1, 2)
    assert STUDY.replace(seeds=(0, 10, 20)).seed_list == (0, 10, 20)
    assert "seeds must be distinct" in refused(seeds=(1, 1))
    assert "seeds must be distinct and in" in refused(seeds=(SEARCH_SEED,))
    assert STUDY.replace(seeds=[7, 8]).seeds == (7, 8)
    assert SEARCH_SEED < SELECTION_SEED


@pytest.mark.parametrize("seeds", [0, -2, (), SEARCH_SEED, 10**20])
def test_the_number_of_seeds_is_told_in_words(seeds: Any) -> None:
    number = seeds if isinstance(seeds, int) else len(seeds)
    assert refused(seeds=seeds) == (
        "not a valid study: the number of seeds must be at least 1 and below 1,000,000, "
        f"got {number}"
    )


def test_of_many_wrong_seeds_a_few_are_named() -> None:
    said = refused(seeds=[1, 3, 3, *range(-100, 0)])
    assert said.endswith("got 3, -100, -99, -98, -97, ...")
    assert refused(seeds=[1, 3, 3, 10**7]).endswith("got 3, 10000000")


def test_what_is_run_again_is_published() -> None:
    assert "no report has 'b_activaton': did you mean 'b_activation'" in refused(
        reruns="b_activaton"
    )


def test_costs_are_columns_that_can_be_had() -> None:
    study = STUDY.replace(costs=("flops", EpochsToAccuracy(accuracy=0.4), "epochs_to_accuracy"))
    columns = [cost.column for cost in study.costs]
    assert columns == ["flops", "epochs_to_accuracy_0.4", "epochs_to_accuracy_0.9"]
    assert Study.model_validate(json.loads(json.dumps(study.model_dump(mode="json")))) == study
    assert "distinct columns, got flops, flops" in refused(costs=("flops", "flops"))
    assert "unknown cost 'flop': did you mean 'flops'" in refused(costs=("flop",))
    unvalidated = STUDY.base.replace({"split.validation": 0})
    STUDY.replace(base=unvalidated, search=None, costs=("flops",))
    said = refused(base=unvalidated, search=None, costs=("seconds_to_accuracy",))
    assert "seconds_to_accuracy_0.9 cannot be had without validation images" in said


def test_the_metric_says_what_is_better() -> None:
    assert STUDY.higher_is_better
    assert not STUDY.replace(metric="loss").higher_is_better
    assert "unknown metric 'acuracy': did you mean 'accuracy'" in refused(metric="acuracy")


def test_arms_stand_around_the_base_or_a_winner() -> None:
    assert [arm.level for arm in STUDY.arms()] == ["relu", "mish"]
    winner = SMALL_CNN.replace({"batch_size": 32})
    assert all(arm.recipe.batch_size == 32 for arm in STUDY.arms(winner))


def test_without_validation_images_nothing_is_selected() -> None:
    blind = SMALL_CNN.replace({"split.validation": 0})
    assert "without validation images" in refused(base=blind)
    assert "without validation images" in refused(base=blind, search=None, selection="best")
    assert STUDY.replace(base=blind, search=None).selection == "last"


def test_what_can_never_work_is_refused_at_once() -> None:
    assert "neither factors nor a search" in refused(factors=(), search=None)
    wrong = factor("activation", "model.activation", "misch")
    assert "level misch: not a valid recipe: model.activation: unknown" in refused(factors=(wrong,))
    assert "factors need distinct names, got activation, activation" in refused(
        factors=STUDY.factors * 2
    )
    assert "name" in refused(name="../elsewhere")


@pytest.mark.parametrize(
    ("space", "words"),
    [
        ({"model.dropuot": Range(0, 0.5)}, "search space: .*did you mean 'dropout'"),
        ({"model.activation": choice("relu", "misch")}, "search space: .*did you mean 'mish'"),
        ({"optimizer.lr": LogRange(0.1, 1), "nothing.there": Range(0, 1)}, "no 'nothing.there'"),
    ],
)
def test_a_space_that_leads_nowhere_is_refused(space: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        STUDY.replace(search=Search(space=space))


def test_replace_knows_its_fields() -> None:
    assert STUDY.replace(seeds=4).seeds == 4
    assert "unknown key 'seed': did you mean 'seeds'" in refused(seed=4)


@pytest.mark.parametrize(
    ("epochs", "grace", "factor_", "rungs"),
    [
        (27, 1, 3, (1, 3, 9)),
        (6, 1, 3, (1, 3)),
        (10, 2, 2, (2, 4, 8)),
        (8, 1, 2, (1, 2, 4)),
        (2, 3, 3, ()),
    ],
)
def test_rungs_are_in_epochs_and_below_the_last(
    epochs: int, grace: int, factor_: int, rungs: tuple[int, ...]
) -> None:
    search = Search(
        space={"batch_size": choice(1, 2)}, grace_period=grace, reduction_factor=factor_
    )
    assert search.rungs(epochs) == rungs
    assert Search(space={"batch_size": choice(1, 2)}, scheduler="none").rungs(epochs) == ()


def test_a_wrong_search_is_a_sentence() -> None:
    with pytest.raises(ValidationError) as caught:
        Search(space={}, trials=0)
    assert sentence(caught.value) == (
        "space: Dictionary should have at least 1 item after validation, not 0; "
        "trials: Input should be greater than 0, got 0"
    )


def test_unequal_budgets_must_be_meant() -> None:
    epochs = (factor("epochs", "epochs", 10, 5),)
    assert "arms of unequal budget cannot be compared" in refused(factors=epochs)
    study = STUDY.replace(factors=epochs, equal_budget=False)
    assert [arm.recipe.epochs for arm in study.arms()] == [10, 5]


def test_a_claim_speaks_of_levels_that_there_are() -> None:
    claim = {"name": "ordering", "factor": "activation", "levels": ["relu", "mish"]}
    assert STUDY.replace(claims=[claim]).claims[0].sentence() == "relu > mish"
    assert "did you mean 'activation'" in refused(claims=[claim | {"factor": "activatoin"}])
    assert "did you mean 'accuracy'" in refused(claims=[claim | {"measure": "accurcay"}])
    wrong = claim | {"levels": ["relu", "mihs"]}
    assert "no level 'mihs'; did you mean 'mish'" in refused(claims=[wrong])


def test_levels_are_tuned_on_validation_images_alone() -> None:
    rates = factor("loss", "loss", "cross_entropy", "focal").with_nuisance(
        {"optimizer.lr": LogRange(0.01, 1.0)}
    )
    tuned = {"factors": (rates,), "design": TunedOneFactor()}
    assert STUDY.replace(**tuned).design.tuning_trials == 8
    blind = STUDY.base.replace({"split.validation": 0})
    with pytest.raises(ValueError, match="loss cross_entropy cannot be tuned without validation"):
        STUDY.replace(**tuned, base=blind, search=None)


def test_levels_are_not_tuned_by_training_longer() -> None:
    longer = factor("loss", "loss", "cross_entropy", "focal").with_nuisance(
        {"epochs": IntRange(1, 10)}
    )
    with pytest.raises(ValueError, match="loss cross_entropy: trials of other epochs"):
        STUDY.replace(factors=(longer,), design=TunedOneFactor())


def test_a_published_recipe_needs_neither_factors_nor_search() -> None:
    study = STUDY.replace(factors=(), search=None, reruns="b_headline")
    (arm,) = study.arms()
    assert (arm.level, arm.recipe, arm.baseline) == ("as published", study.base, True)


def test_a_factor_that_does_not_go_with_every_winner_is_refused_before_the_search() -> None:
    said = refused(
        search=Search(space={"optimizer": choice(SGD(), Adam())}),
        factors=(factor("momentum", "optimizer.momentum", 0.5, 0.9),),
    )
    assert "unknown key 'momentum'" in said


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"factors": (factor("length", "epochs", 1, 2),)}, "unequal budget"),
        ({"search": Search(space={"epochs": choice(1, 2)})}, "other epochs, data, split"),
        (
            {"factors": (factor("often", "validate_every", 1, 2),), "selection": "best"},
            "the best of more is higher by chance",
        ),
        (
            {
                "base": SMALL_CNN.replace({"validate_every": 2}),
                "search": Search(space={"batch_size": choice(64, 128)}, grace_period=3),
            },
            "grace_period 3 is no multiple of validate_every 2",
        ),
        ({"search": Search(space={"split.seed": choice(1, 2)})}, "other epochs, data, split"),
    ],
)
def test_what_cannot_be_compared_is_refused_before_anything_is_trained(
    changes: dict[str, Any], words: str
) -> None:
    assert words in refused(**changes)

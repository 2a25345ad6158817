import pytest
from pydantic import ValidationError

from cifar_models.architectures import LeNet5
from cifar_models.optimizers import SGD, Adam
from cifar_models.ranges import LogRange
from cifar_models.recipe import Recipe
from search_spaces.bases import SMALL_CNN
from search_spaces.designs import (
    BASE_LEVEL,
    Arm,
    Cumulative,
    Design,
    Factorial,
    LeaveOneOut,
    OneFactor,
    TunedOneFactor,
)
from search_spaces.factors import Factor, Level, factor
from search_spaces.space import choice, tuned

ACTIVATION = factor("activation", "model.activation", "relu", "tanh")
RATE = factor("rate", "optimizer.lr", 0.01, 0.1)


def rows(arms: tuple[Arm, ...]) -> list[tuple[str, str, bool]]:
    return [(arm.factor, arm.level, arm.baseline) for arm in arms]


def test_one_factor_changes_one_thing_at_a_time() -> None:
    arms = OneFactor().arms(SMALL_CNN, (ACTIVATION, RATE))
    assert rows(arms) == [
        ("activation", "relu", True),
        ("activation", "tanh", False),
        ("rate", "0.01", False),
        ("rate", "0.1", True),
    ]
    assert arms[0].recipe == arms[3].recipe == SMALL_CNN
    assert arms[1].recipe == SMALL_CNN.replace({"model.activation": "tanh"})
    assert arms[2].recipe == SMALL_CNN.replace({"optimizer.lr": 0.01})


def test_factorial_combines_all_levels() -> None:
    arms = Factorial().arms(SMALL_CNN, (ACTIVATION, RATE))
    assert rows(arms) == [
        ("activation x rate", "relu x 0.01", False),
        ("activation x rate", "relu x 0.1", True),
        ("activation x rate", "tanh x 0.01", False),
        ("activation x rate", "tanh x 0.1", False),
    ]
    assert arms[2].recipe == SMALL_CNN.replace({"model.activation": "tanh", "optimizer.lr": 0.01})


@pytest.mark.parametrize("design", [OneFactor(), Factorial()])
def test_a_base_that_is_none_of_the_levels_becomes_one(design: Design) -> None:
    base = SMALL_CNN.replace({"model.activation": "mish"})
    arms = design.arms(base, (ACTIVATION,))
    assert rows(arms)[0] == ("activation", BASE_LEVEL, True)
    assert arms[0].recipe == base
    assert [arm.baseline for arm in arms] == [True, False, False]


@pytest.mark.parametrize("design", [OneFactor(), Factorial()])
def test_every_factor_has_one_baseline_also_when_levels_are_equal(design: Design) -> None:
    same = factor("same", "model.activation", "relu", also={"name": "relu"})
    assert [arm.baseline for arm in design.arms(SMALL_CNN, (same,))] == [True, False]
    assert design.arms(SMALL_CNN, ()) == ()


@pytest.mark.parametrize("design", [OneFactor(), Factorial()])
def test_an_impossible_level_is_named(design: Design) -> None:
    wrong = factor("activation", "model.activation", "relu", "tahn")
    with pytest.raises(ValueError, match=r"level tahn: .* did you mean 'tanh'"):
        design.arms(SMALL_CNN, (wrong,))


PARTS = (
    factor("smoothing", "loss", on={"name": "label_smoothing"}),
    factor("mish", "model.activation", on="mish"),
    factor("large batch", "batch_size", on=256),
)


def test_leave_one_out_compares_with_all_parts() -> None:
    arms = LeaveOneOut().arms(SMALL_CNN, PARTS)
    assert rows(arms) == [
        ("parts", "all", True),
        ("parts", "without smoothing", False),
        ("parts", "without mish", False),
        ("parts", "without large batch", False),
    ]
    without = {"loss": "label_smoothing", "batch_size": 256}
    assert arms[2].recipe == SMALL_CNN.replace(without)
    assert arms[0].recipe == SMALL_CNN.replace(without | {"model.activation": "mish"})


def test_cumulative_adds_one_part_after_another_to_the_base() -> None:
    arms = Cumulative().arms(SMALL_CNN, PARTS)
    assert rows(arms) == [
        ("parts", BASE_LEVEL, True),
        ("parts", "+ smoothing", False),
        ("parts", "+ mish", False),
        ("parts", "+ large batch", False),
    ]
    assert arms[0].recipe == SMALL_CNN
    both = {"loss": "label_smoothing", "model.activation": "mish"}
    assert arms[2].recipe == SMALL_CNN.replace(both)


@pytest.mark.parametrize("design", [LeaveOneOut(), Cumulative(), Factorial()])
@pytest.mark.parametrize(
    ("first", "second"), [("augmentation", "augmentation"), ("model.activation", "model")]
)
def test_a_part_that_would_undo_another_is_refused(design: Design, first: str, second: str) -> None:
    values = {"augmentation": [], "model.activation": "mish", "model": "lenet5"}
    parts = (factor("a", first, x=values[first]), factor("b", second, y=values[second]))
    with pytest.raises(ValueError, match="would undo another factor's change of"):
        design.arms(SMALL_CNN, parts)


def test_the_wider_path_may_come_first() -> None:
    parts = (factor("a", "model", x=LeNet5()), factor("b", "model.activation", y="mish"))
    (*_, both) = Cumulative().arms(SMALL_CNN, parts)
    assert both.recipe == SMALL_CNN.replace({"model": LeNet5(), "model.activation": "mish"})


@pytest.mark.parametrize("design", [LeaveOneOut(), Cumulative()])
def test_a_part_has_one_level(design: Design) -> None:
    with pytest.raises(ValueError, match="factor 'activation' has 2 levels: a part that is added"):
        design.arms(SMALL_CNN, (ACTIVATION,))
    assert len(design.arms(SMALL_CNN, ())) == 1


def test_a_level_may_change_several_paths() -> None:
    pair = Factor(
        name="pair",
        levels=(Level(name="both", changes={"batch_size": 32, "model.activation": "elu"}),),
    )
    changed = OneFactor().arms(SMALL_CNN, (pair,))[1].recipe
    assert changed == SMALL_CNN.replace({"batch_size": 32, "model.activation": "elu"})


def test_levels_are_named_by_values_components_or_keywords() -> None:
    named = factor("optimizer", "optimizer", SGD(lr=0.1), Adam(), slow=SGD(lr=0.01))
    assert [level.name for level in named.levels] == ["sgd", "adam", "slow"]
    arms = OneFactor().arms(SMALL_CNN, (named,))
    assert arms[-1].recipe.phases[0].optimizer == SGD(lr=0.01)


def test_two_levels_of_one_name_are_refused() -> None:
    with pytest.raises(ValidationError, match="need distinct names, got sgd, sgd; give names by"):
        factor("optimizer", "optimizer", SGD(lr=0.1), SGD(lr=0.2))


def test_designs_and_factors_survive_json() -> None:
    named = factor("optimizer", "optimizer", SGD(lr=0.1), Adam())
    assert Factor.model_validate(named.model_dump(mode="json")) == named
    arm = OneFactor().arms(SMALL_CNN, (RATE,))[0]
    assert Arm.model_validate(arm.model_dump(mode="json")) == arm
    assert isinstance(arm.recipe, Recipe)


def test_tuned_levels_try_as_many_candidates_each_of_its_own_parameters() -> None:
    optimizers = factor("optimizer", "optimizer", tuned(SGD(lr=0.2), "lr"), tuned(Adam(), "lr"))
    sgd, adam = TunedOneFactor(trials=5).arms(
        SMALL_CNN.replace({"optimizer": SGD(lr=0.2)}), (optimizers,)
    )
    assert (sgd.baseline, adam.baseline) == (True, False)
    for arm, name in ((sgd, "sgd"), (adam, "adam")):
        candidates = arm.candidates(5)
        assert candidates[0] == arm.recipe
        assert {recipe.phases[0].optimizer.name for recipe in candidates} == {name}
        assert len({recipe.signature for recipe in candidates}) == 5


def test_a_factor_s_nuisance_parameters_are_those_of_each_level() -> None:
    sizes = factor("batch size", "batch_size", 64, 128).with_nuisance(
        {"optimizer.lr": LogRange(0.01, 1.0)}
    )
    small, baseline = TunedOneFactor().arms(SMALL_CNN, (sizes,))
    assert baseline.baseline
    rates = [
        [recipe.phases[0].optimizer.model_dump()["lr"] for recipe in arm.candidates(4)[1:]]
        for arm in (small, baseline)
    ]
    assert rates[0] == rates[1] == pytest.approx([10**-1.5, 10**-0.5, 10**-1.75])
    assert {recipe.batch_size for recipe in small.candidates(4)} == {64}


def test_a_level_with_nothing_to_tune_is_refused() -> None:
    mixed = factor("optimizer", "optimizer", tuned(SGD(lr=0.1), "lr"), Adam())
    with pytest.raises(ValueError, match="optimizer adam has nothing to tune"):
        TunedOneFactor().arms(SMALL_CNN, (mixed,))


def test_an_untuned_base_is_no_baseline_of_tuned_levels() -> None:
    others = factor("optimizer", "optimizer", tuned(Adam(), "lr"))
    with pytest.raises(ValueError, match="none of its levels is the base recipe"):
        TunedOneFactor().arms(SMALL_CNN, (others,))


def test_ranges_that_hold_fewer_points_give_fewer_candidates() -> None:
    sizes = factor("size", "batch_size", 128, 64).with_nuisance({"optimizer.lr": choice(0.1, 0.2)})
    arm = TunedOneFactor().arms(SMALL_CNN, (sizes,))[0]
    assert len(arm.candidates(8)) == 2

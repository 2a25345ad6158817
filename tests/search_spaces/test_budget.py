import math

import pytest

from cifar_models.splits import Split
from search_spaces.budget import (
    BUDGET,
    FEWEST_EPOCHS,
    MOST_TEST,
    MOST_VALIDATION,
    image_counts,
    operations,
    quick,
)
from search_spaces.loading import built_in
from search_spaces.study import Study

SOME = (
    "a_lr-decay",
    "b_batch-size",
    "c_densenet",
    "c_mixed-optimizer",
    "c_one-cycle",
    "d_bn-rescue",
)
REST = sorted(name for name, study in built_in().items() if study.reruns and name not in SOME)


def names(study: Study) -> list[tuple[str, str, bool]]:
    return [(arm.factor, arm.level, arm.baseline) for arm in study.arms()]


@pytest.mark.parametrize(
    "name", [*SOME, *(pytest.param(name, marks=pytest.mark.slow) for name in REST)]
)
def test_a_quick_study_has_the_same_arms_within_the_budget(name: str) -> None:
    full = built_in()[name]
    short = quick(full)
    assert BUDGET / 2 < operations(short) <= BUDGET
    assert names(short) == names(full)
    assert len({a.recipe.signature for a in short.arms()}) == len(
        {a.recipe.signature for a in full.arms()}
    )
    assert short.seed_list == full.seed_list[:2]
    assert (short.claims, short.selection, short.metric) == (
        full.claims, full.selection, full.metric,
    )  # fmt: skip
    assert quick(full) == short


@pytest.mark.parametrize("name", SOME)
def test_an_arm_loses_nothing_but_epochs_and_images(name: str) -> None:
    full = built_in()[name]
    for arm, short in zip(full.arms(), quick(full).arms(), strict=True):
        was, now = arm.recipe.model_dump(), short.recipe.model_dump()
        for part in was.keys() - {"phases", "split"}:
            assert now[part] == was[part]
        for before, after in zip(arm.recipe.phases, short.recipe.phases, strict=True):
            assert after.optimizer == before.optimizer
            part = after.epochs / before.epochs
            assert after.schedule == before.schedule.stretched(part)
        train, validation, test = image_counts(short.recipe.split)
        assert train < image_counts(arm.recipe.split)[0]
        assert validation == min(image_counts(arm.recipe.split)[1], MOST_VALIDATION)
        assert test == MOST_TEST
    assert min(arm.recipe.epochs for arm in quick(full).arms()) >= FEWEST_EPOCHS


def test_unequal_epochs_stay_unequal() -> None:
    assert [arm.recipe.epochs for arm in quick(built_in()["c_one-cycle"]).arms()] == [5, 4]


def test_what_is_small_loses_only_seeds() -> None:
    full = built_in()["c_loss"]
    assert quick(full) == full.replace(seeds=(0, 1))


def test_other_seeds_are_paid_for() -> None:
    full = built_in()["a_lr-decay"]
    more = quick(full, (3, 4, 5, 6))
    assert more.seed_list == (3, 4, 5, 6)
    assert image_counts(more.base.split)[0] <= image_counts(quick(full).base.split)[0]
    with pytest.raises(ValueError, match="at least 2 seeds, got 1"):
        quick(full, (3,))


@pytest.mark.parametrize(
    ("split", "counts"),
    [
        (Split(validation=0), (50_000, 0, 10_000)),
        (Split(validation=2500), (47_500, 2500, 10_000)),
        (Split(validation=5000, test=5000), (50_000, 5000, 5000)),
        (Split(validation=0.1, train=300), (300, 5000, 10_000)),
        (Split(validation=0.5, test=0.5), (15_000, 15_000, 30_000)),
    ],
)
def test_images_of_a_split(split: Split, counts: tuple[int, int, int]) -> None:
    assert image_counts(split) == counts


def test_operations_grow_with_epochs_images_and_seeds() -> None:
    study = built_in()["c_loss"].replace(seeds=(0, 1))
    assert math.isclose(operations(study.replace(seeds=(0, 1, 2, 3))), 2 * operations(study))
    fewer = study.replace(base=study.base.replace({"split.train": 25_000}))
    shorter = study.replace(base=study.base.replace({"epochs": 10}))
    assert operations(fewer) == operations(shorter)
    image = (operations(study) - operations(fewer)) / (4 * 20 * 25_000)
    assert operations(study) == pytest.approx(4 * image * (20 * 50_000 + 10_000 / 3))

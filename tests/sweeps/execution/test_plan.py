"""Cells: which trials a study asks for, and in which roles."""

import pytest

from cifar_models.architectures import PlainCNN
from search_spaces import LogRange, TunedOneFactor, factor
from sweeps.execution.images import ImageStore
from sweeps.execution.plan import Planner, distinct
from sweeps.execution.ray_session import Resources, divide
from tests.sweeps.execution.specs import BASE, study


@pytest.fixture(scope="module")
def planner() -> Planner:
    return Planner(ImageStore(None), Resources(1, 0.0, 2))


def test_every_arm_gets_every_seed_and_a_shared_baseline_is_one_trial(planner: Planner) -> None:
    two = study(
        factors=(
            factor("activation", "model.activation", "relu", "tanh"),
            factor("norm", "model.norm", on="batch", off="none"),
        )
    )
    cells = planner.ablation(two.arms(), two.seed_list)
    assert len(cells) == 4 * 2
    assert len(distinct(cells)) == 3 * 2
    rows = [cell.to_json() for cell in cells]
    assert {(r["factor"], r["level"]) for r in rows if r["baseline"]} == {
        ("activation", "relu"),
        ("norm", "on"),
    }
    assert [r["seed"] for r in rows] == [0] * 4 + [1] * 4  # whole pairs first


def test_an_arm_that_cannot_be_built_is_named(planner: Planner) -> None:
    shrinking = PlainCNN(channels=(4, 8), kernel_size=31, padding="valid")
    bad = study(factors=(factor("model", "model", BASE.model, huge=shrinking),))
    with pytest.raises(ValueError, match=r"model huge: .*15x15|model huge: .*map"):
        planner.ablation(bad.arms(), bad.seed_list)


def test_a_batch_larger_than_the_data_is_a_sentence(planner: Planner) -> None:
    with pytest.raises(ValueError, match="larger than the 180 training images"):
        planner.spec(BASE.replace({"batch_size": 181}), 0)


def test_seeds_of_selection_are_not_those_of_the_ablation(planner: Planner) -> None:
    from search_spaces import LogRange, Search

    searching = study(
        search=Search(space={"optimizer.lr": LogRange(0.1, 1.0)}, top_k=2, selection_seeds=3)
    )
    cells = planner.selection(searching, [BASE, BASE.replace({"batch_size": 10})])
    assert len(cells) == 6
    ablation = planner.ablation(searching.arms(BASE), searching.seed_list)
    assert not {cell.spec.seed for cell in ablation} & {cell.spec.seed for cell in cells}


def test_every_level_is_tuned_as_often_and_side_by_side(planner: Planner) -> None:
    losses = factor("loss", "loss", "cross_entropy", "focal").with_nuisance(
        {"optimizer.lr": LogRange(0.01, 1.0)}
    )
    tuned = study(factors=(losses,), design=TunedOneFactor(trials=3))
    cells = planner.tuning(tuned, tuned.arms())
    assert [cell.level for cell in cells] == ["cross_entropy", "focal"] * 3
    rates = [cell.to_json()["nuisance"]["optimizer.lr"] for cell in cells]
    assert rates[::2] == rates[1::2] == pytest.approx([0.05, 0.1, 10**-1.5])
    ablation = {cell.spec.seed for cell in planner.ablation(tuned.arms(), tuned.seed_list)}
    assert not ablation & {cell.spec.seed for cell in cells}


def test_test_images_never_reach_a_trial(planner: Planner) -> None:
    source = planner.images.source(BASE)
    shared = {image.tobytes() for image in source.parts.train.pixels}
    assert source.parts.validation is not None
    shared |= {image.tobytes() for image in source.parts.validation.pixels}
    assert not shared & {image.tobytes() for image in source.parts.test.pixels}


@pytest.mark.parametrize(
    ("cpus", "gpus", "wanted", "slots"),
    [(8, 0, None, 8), (8, 2, None, 2), (8, 2, 0.5, 4), (8, 2, 0.0, 8), (3, 4, 1.0, 3)],
)
def test_slots(cpus: int, gpus: int, wanted: float | None, slots: int) -> None:
    assert divide(cpus, gpus, 1, wanted).slots == slots


def test_until_it_is_measured_a_trial_has_a_whole_gpu() -> None:
    found = divide(8, 2, 1, "auto")
    assert (found.gpus_per_trial, found.slots, found.device) == (1.0, 2, "cuda")


def test_a_share_moves_no_number() -> None:
    specs = [
        Planner(ImageStore(None), divide(8, 1, 2, share), lambda _: "bf16").spec(BASE, 0)
        for share in (1.0, 0.25)
    ]
    assert specs[0].id == specs[1].id
    assert specs[0].numerics == specs[1].numerics


@pytest.mark.parametrize(("cpus", "gpus"), [(64, None), (1, 2.0), (1, 1.0)])
def test_more_than_there_is_is_a_sentence(cpus: int, gpus: float | None) -> None:
    with pytest.raises(ValueError, match=r"per-trial|one trial wants"):
        divide(8, 0, cpus, gpus)

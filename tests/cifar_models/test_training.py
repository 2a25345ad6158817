import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
import torch
from torch import Tensor, nn

from cifar_models.architectures import Architecture, ImageShape
from cifar_models.checkpoint import load, save
from cifar_models.component import forget, registry
from cifar_models.datasets import Images
from cifar_models.numerics import Numerics
from cifar_models.recipe import Recipe
from cifar_models.training import ENGINE_VERSION, Training, build_classifier, check, train
from tests.cifar_models.small import ONE_PHASE, RECIPE, images, measured, start

SHAPE = ImageShape(3, 32, 32, 10)
COSTS = {"seconds", "images_per_second", "peak_memory"}


def weights(training: Training) -> dict[str, Tensor]:
    return training.classifier.state_dict()


def equal(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def batches_seen(recipe: Recipe, seed: int = 0) -> list[Tensor]:
    """Return the images that the network is given in training, batch by batch."""
    training = start(recipe, seed)
    seen: list[Tensor] = []

    def look(module: nn.Module, inputs: tuple[Tensor]) -> None:
        if module.training:
            seen.append(inputs[0].clone())

    training.classifier.register_forward_pre_hook(look)
    list(training)
    return seen


# ---------------------------------------------------------------------- what an epoch gives


def test_every_epoch_gives_a_result_with_the_promised_metrics() -> None:
    results = list(start(ONE_PHASE))
    assert [(r.epoch, r.status) for r in results] == [(1, "running"), (2, "finished")]
    for result in results:
        measures = {"loss", *registry("metric")}
        assert result.metrics.keys() == COSTS | {"train/loss", "learning_rate"} | {
            f"validation/{name}" for name in measures
        }
        assert 0 <= result.metrics["validation/accuracy"] <= 1
        assert all(result.metrics[name] > 0 for name in COSTS)


def test_validation_comes_when_the_recipe_says_and_at_the_end() -> None:
    often = start(ONE_PHASE.replace({"epochs": 3}))
    seldom = start(ONE_PHASE.replace({"epochs": 3, "validate_every": 2}))
    list(often), list(seldom)
    validated = ["validation/accuracy" in result.metrics for result in seldom.history]
    assert validated == [False, True, True]
    pairs = zip(measured(seldom), measured(often), strict=True)
    assert all(few.items() <= all_of_them.items() for few, all_of_them in pairs)
    assert seldom.best_epoch in (2, 3)


def test_without_validation_images_only_the_training_is_measured() -> None:
    training = train(ONE_PHASE, 0, images().train, None, Numerics(), 10)
    assert all(
        result.metrics.keys() == COSTS | {"train/loss", "learning_rate"} for result in training
    )
    assert training.checkpoint().best_epoch == 0


def test_it_learns() -> None:
    recipe = ONE_PHASE.replace({"epochs": 12, "model.channels": [8, 16]})
    losses = [result.metrics["train/loss"] for result in start(recipe)]
    assert losses[-1] < 0.8 * losses[0]


def test_the_best_weights_are_those_of_the_best_validation_epoch() -> None:
    training = start(ONE_PHASE.replace({"epochs": 5}))
    kept = {}
    for result in training:
        kept[result.epoch] = {name: value.clone() for name, value in weights(training).items()}
    scores = [result.metrics["validation/accuracy"] for result in training.history]
    assert training.best_epoch == scores.index(max(scores)) + 1
    assert equal(training.best_weights, kept[training.best_epoch])


def test_the_last_incomplete_batch_is_dropped() -> None:
    assert [len(batch) for batch in batches_seen(ONE_PHASE)] == [30, 30, 30] * 2


def test_images_come_in_the_layout_of_the_numerics() -> None:
    for channels_last, layout in ((True, torch.channels_last), (False, torch.contiguous_format)):
        training = start(RECIPE, numerics=Numerics(channels_last=channels_last))
        seen: list[bool] = []
        training.classifier.network.register_forward_pre_hook(
            lambda _, inputs, seen=seen, layout=layout: seen.append(
                inputs[0].is_contiguous(memory_format=layout)
            )
        )
        next(training)
        assert seen
        assert all(seen)


def test_lower_precision_trains() -> None:
    results = list(start(ONE_PHASE, numerics=Numerics(precision="bf16")))
    assert results[-1].status == "finished"
    losses = [result.metrics["train/loss"] for result in results]
    assert losses == pytest.approx([r.metrics["train/loss"] for r in start(ONE_PHASE)], rel=0.05)


# ---------------------------------------------------------------------- equal trainings


def test_equal_seeds_give_equal_trainings_bit_for_bit() -> None:
    one, same, other = start(RECIPE), start(RECIPE), start(RECIPE, seed=1)
    for training in (one, same, other):
        list(training)
        torch.rand(3)  # what others draw between does not matter
    assert measured(one) == measured(same)
    assert equal(weights(one), weights(same))
    assert not equal(weights(one), weights(other))


@pytest.fixture(scope="module")
def undisturbed() -> Training:
    training = start(RECIPE)
    list(training)
    return training


@pytest.mark.parametrize("epochs", range(RECIPE.epochs + 1))
def test_a_stopped_and_resumed_training_equals_the_undisturbed_one(
    epochs: int, undisturbed: Training, tmp_path: Path
) -> None:
    first = start(RECIPE)
    for _ in range(epochs):
        next(first)
    save(first.checkpoint(), str(tmp_path / "checkpoint"))
    resumed = start(RECIPE, checkpoint=load(str(tmp_path / "checkpoint")))
    assert len(resumed.history) == epochs
    assert len(list(resumed)) == RECIPE.epochs - epochs
    assert measured(resumed) == measured(undisturbed)
    assert equal(weights(resumed), weights(undisturbed))
    assert resumed.best_epoch == undisturbed.best_epoch
    assert equal(resumed.best_weights, undisturbed.best_weights)


def test_a_finished_training_keeps_no_optimizer_and_gives_nothing_more(
    undisturbed: Training,
) -> None:
    checkpoint = undisturbed.checkpoint()
    assert (checkpoint.optimizer, checkpoint.scaler) == ({}, {})
    assert list(start(RECIPE, checkpoint=checkpoint)) == []


@pytest.mark.parametrize(("changes", "seed"), [({"batch_size": 25}, 0), ({}, 1)])
def test_a_checkpoint_of_another_training_is_refused(changes: dict[str, Any], seed: int) -> None:
    checkpoint = start(ONE_PHASE).checkpoint()
    with pytest.raises(ValueError, match=r"the checkpoint is of recipe .* with seed 0"):
        start(ONE_PHASE.replace(changes), seed, checkpoint)


def test_training_leaves_the_global_generator_alone() -> None:
    before = torch.get_rng_state()
    list(start(RECIPE))
    assert torch.equal(torch.get_rng_state(), before)


GOLDEN = {
    "plain_cnn": (1e-3, [2.44796, 2.348686, 2.246126, 2.360342, 2.266178, 2.377276]),
    "lenet5": (2e-5, [2.306139, 2.311671, 2.29993, 2.310786, 2.299511, 2.310791]),
}
"""Relative tolerance (CPUs round differently, batch norm magnifies it); losses of training and
validation, epoch by epoch."""


@pytest.mark.parametrize("model", GOLDEN)
def test_golden_numbers(model: str) -> None:
    recipe = RECIPE.replace(
        {
            "model": model,
            "phases.0.optimizer.lr": 0.001,
            "phases.1.optimizer.lr": 0.01,
            "phases.1.epochs": 1,
        }
    )
    tolerance, expected = GOLDEN[model]
    parts = images(400)
    results = list(train(recipe, 7, parts.train, parts.validation, Numerics(), 10))
    losses = [
        result.metrics[f"{part}/loss"] for result in results for part in ("train", "validation")
    ]
    assert losses == pytest.approx(expected, rel=tolerance), (
        "The numbers of a training have changed. If that is meant, raise ENGINE_VERSION (now "
        f"{ENGINE_VERSION}), so that no recorded trial is taken for a new one, and put these "
        f"here: {[round(loss, 6) for loss in losses]}"
    )


# ---------------------------------------------------------------------- paired variants


def test_variants_see_the_same_images_in_the_same_order() -> None:
    seen = batches_seen(RECIPE)
    changes = {"model.norm": "none", "model.activation": "tanh", "model.dropout": 0.0}
    variant = batches_seen(RECIPE.replace({**changes, "loss": "label_smoothing"}))
    assert all(torch.equal(one, other) for one, other in zip(seen, variant, strict=True))
    other_seed = batches_seen(RECIPE, seed=1)
    assert not torch.equal(seen[0], other_seed[0])
    assert not torch.equal(seen[0], seen[3]), "every epoch has draws of its own"


def test_dropping_one_augmentation_leaves_the_draws_of_the_others() -> None:
    both = batches_seen(RECIPE.replace({"augmentation": ["random_crop", "horizontal_flip"]}))
    flips = batches_seen(RECIPE.replace({"augmentation": ["horizontal_flip"]}))
    crops = batches_seen(RECIPE.replace({"augmentation": ["random_crop"]}))
    flipped = [torch.equal(a, b) for a, b in zip(both[0], crops[0], strict=True)]
    plain = batches_seen(RECIPE.replace({"augmentation": []}))
    assert flipped == [torch.equal(a, b) for a, b in zip(flips[0], plain[0], strict=True)]
    assert len(set(flipped)) == 2


def test_the_same_augmentation_twice_draws_twice() -> None:
    flip = "horizontal_flip"
    twice = batches_seen(RECIPE.replace({"augmentation": [flip, flip]}))
    plain = batches_seen(RECIPE.replace({"augmentation": []}))
    assert not torch.equal(twice[0], plain[0]), "two flips with one draw would undo each other"


def test_variants_share_the_initial_weights_of_common_modules() -> None:
    base, variant = (
        build_classifier(recipe, SHAPE, seed=3).network.state_dict()
        for recipe in (RECIPE, RECIPE.replace({"model.norm": "none", "model.channels": [4, 8, 16]}))
    )
    for name in ("layer1.conv.weight", "layer2.conv.weight"):
        assert torch.equal(base[name], variant[name])
    assert "layer1.norm.weight" not in variant


@pytest.fixture
def own_architecture() -> Iterator[None]:
    class Raw(Architecture):
        """A layer that is no module. Source: this test."""

        name: Literal["raw_parameter"] = "raw_parameter"

        def build(self, shape: ImageShape) -> nn.Module:
            module = nn.Sequential(nn.Flatten(), nn.Linear(3 * 32 * 32, shape.num_classes))
            module.register_parameter("extra", nn.Parameter(torch.randn(4)))
            return module

    yield
    forget(Raw.__module__)


@pytest.mark.usefixtures("own_architecture")
def test_weights_outside_any_module_follow_the_seed_too() -> None:
    recipe = RECIPE.replace({"model": "raw_parameter"})
    extras = []
    for seed in (0, 0, 1):
        torch.rand(1)
        extras.append(build_classifier(recipe, SHAPE, seed).network.state_dict()["extra"])
    assert torch.equal(extras[0], extras[1])
    assert not torch.equal(extras[0], extras[2])


# ---------------------------------------------------------------------- what ends badly


def test_a_loss_that_is_not_finite_ends_the_training() -> None:
    recipe = ONE_PHASE.replace({"epochs": 5, "optimizer.lr": 1e30, "model.norm": "none"})
    training = start(recipe)
    results = list(training)
    assert [result.status for result in results] == ["diverged"]
    assert "train/loss" not in results[-1].metrics
    assert training.over
    assert list(start(recipe, checkpoint=training.checkpoint())) == []


def test_the_images_are_never_written_to() -> None:
    parts = images()
    writable = Images(parts.train.pixels.copy(), parts.train.labels.copy())
    list(train(RECIPE, 0, writable, parts.validation, Numerics(), 10))
    for array, original in ((writable.pixels, parts.train.pixels),
                            (writable.labels, parts.train.labels)):  # fmt: skip
        assert (
            hashlib.sha256(array.tobytes()).digest() == hashlib.sha256(original.tobytes()).digest()
        )
        assert not original.flags.writeable, "all other tests train on read-only arrays"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"batch_size": 121}, "batch_size 121 is larger than the 120 training images"),
        (
            {"model": {"name": "plain_cnn", "channels": [4] * 3, "kernel_size": 15,
                       "padding": "valid"}},
            "conv2 needs a map of at least 15x15",
        ),
        ({"augmentation": [{"name": "cutout", "size": 40}]}, "a cutout of 40 pixels does not fit"),
        ({"phases.1.schedule.warmup_epochs": 3}, "a warm-up of 3 epochs fills the whole phase"),
    ],
)  # fmt: skip
def test_an_impossible_recipe_is_refused_before_any_work(
    changes: dict[str, Any], words: str
) -> None:
    recipe = RECIPE.replace(changes)
    with pytest.raises(ValueError, match=words):
        check(recipe, SHAPE, 120)
    parts = images()
    with pytest.raises(ValueError, match=words.replace("120", "100")):
        train(recipe, 0, parts.train, parts.validation, Numerics(), 10)


def test_check_counts_the_weights() -> None:
    assert check(RECIPE.replace({"model": "lenet5"}), SHAPE, 1000) == 62_006

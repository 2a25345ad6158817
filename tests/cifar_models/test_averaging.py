from copy import deepcopy
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn, update_bn

from cifar_models.averaging import EMA, SWA, Average, Averaging, NoAveraging, settle
from cifar_models.checkpoint import load, save
from cifar_models.classifier import evaluate
from cifar_models.diagnostics import ConfusionMatrix
from cifar_models.numerics import Numerics
from cifar_models.recipe import Recipe
from cifar_models.training import Training, train
from tests.cifar_models.optimizers.networks import Weight, small
from tests.cifar_models.small import RECIPE, images, measured, start

EMA_RECIPE = RECIPE.replace({"averaging": EMA(decay=0.6)})
SWA_RECIPE = RECIPE.replace({"averaging": SWA(start=0.5)})


def copied(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in weights.items()}


def equal(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def learnt(training: Training, weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return the parameters among some weights, without the statistics."""
    return {name: weights[name] for name, _ in training.classifier.named_parameters()}


# ---------------------------------------------------------------------- which share when


def test_the_decay_of_ema_warms_up() -> None:
    share = EMA(decay=0.75).build(100, 10)
    assert share is not None
    kept = [1 - share(step) for step in (1, 2, 26, 27, 28, 100)]
    assert kept == pytest.approx([1 / 10, 2 / 11, 26 / 35, 0.75, 0.75, 0.75])


def test_swa_takes_the_ends_of_the_last_epochs_equally() -> None:
    share = SWA(start=0.5).build(30, 3)
    assert share is not None
    taken = {step: share(step) for step in range(1, 31) if share(step)}
    assert taken == pytest.approx({18: 1, 21: 1 / 2, 24: 1 / 3, 27: 1 / 4, 30: 1 / 5})


def test_the_part_before_swa_is_not_cut_by_rounding() -> None:
    share = SWA(start=0.29).build(100, 1)
    assert share is not None
    assert [share(29), share(30)] == [0, 1], "0.29 * 100 is a little less than 29"


def test_no_averaging_has_no_mean() -> None:
    average = Average(NoAveraging().build(10, 2), small())
    average.step()
    average.restore(1, {})
    assert average.settled() == []


# ---------------------------------------------------------------------- the mean


@pytest.mark.parametrize(
    ("averaging", "torchs"),
    [(EMA(decay=0.1), {"multi_avg_fn": get_ema_multi_avg_fn(0.1)}), (SWA(start=0), {})],
    ids=["ema", "swa"],
)
def test_means_are_those_of_torch(averaging: Averaging, torchs: Any) -> None:
    network = small()
    average = Average(averaging.build(6, 1), network)
    theirs = AveragedModel(network, **torchs)
    for step in range(6):
        torch.manual_seed(step)
        with torch.no_grad():
            for parameter in network.parameters():
                parameter.add_(torch.randn_like(parameter))
        average.step()
        theirs.update_parameters(network)
    means = [value for _, value in average.settled()]
    for mine, its in zip(means, theirs.module.parameters(), strict=True):
        torch.testing.assert_close(mine, its)


def test_frozen_parameters_have_no_mean() -> None:
    network = small()
    network[0].weight.requires_grad_(False)
    average = Average(EMA().build(6, 1), network)
    average.step()
    parameters = {parameter.data_ptr() for parameter, _ in average.settled()}
    assert parameters == {p.data_ptr() for p in network.parameters() if p.requires_grad}


def test_statistics_are_measured_on_the_first_batches() -> None:
    network = nn.Sequential(nn.BatchNorm1d(1), Weight(1.0))
    network[1].forward = lambda inputs: inputs  # type: ignore[method-assign]
    weight = network[1].weight
    batches = [(torch.full((2, 1), float(k)), torch.zeros(2)) for k in range(60)]
    settle(network, [(weight, torch.tensor([5.0]))], iter(batches))
    assert weight.item() == 5
    assert network[0].running_mean.item() == pytest.approx(sum(range(40)) / 40)
    assert network[0].momentum == 0.1


# ---------------------------------------------------------------------- in a training


@pytest.mark.parametrize("recipe", [EMA_RECIPE, SWA_RECIPE], ids=["ema", "swa"])
def test_what_learns_is_as_without(recipe: Recipe) -> None:
    with_mean, plain = start(recipe), start(RECIPE)
    for epoch in range(1, RECIPE.epochs):
        losses = [next(training).metrics["train/loss"] for training in (with_mean, plain)]
        assert losses[0] == losses[1]
        weights = [training.classifier.state_dict() for training in (with_mean, plain)]
        assert equal(*weights), epoch
        assert [t.classifier.training for t in (with_mean, plain)] == [True, True]


def test_the_mean_is_measured_and_kept() -> None:
    training = start(EMA_RECIPE)
    validation = images().validation
    assert validation is not None
    counted = {}
    for result in training:
        counted[result.epoch] = copied(training.checkpoint().selected("last")[1])
        shadow = deepcopy(training.classifier)
        raw = evaluate(shadow, validation, training.loss, training.numerics)
        shadow.load_state_dict(counted[result.epoch])
        mean = evaluate(shadow, validation, training.loss, training.numerics)
        assert result.metrics["validation/loss"] == mean["loss"]
        if not training.over:
            assert result.metrics["validation/loss"] != raw["loss"]
    assert equal(training.best_weights, counted[training.best_epoch])
    final = training.checkpoint()
    assert equal(final.weights, counted[RECIPE.epochs])
    assert equal(training.classifier.state_dict(), final.weights)
    assert final.averaged == {}, "one set of weights is enough when nothing goes on"


def test_statistics_of_the_mean_are_measured_only_for_what_is_measured() -> None:
    seldom, always = (start(EMA_RECIPE.replace({"validate_every": n})) for n in (3, 1))
    with mock.patch("cifar_models.averaging.update_bn", wraps=update_bn) as measuring:
        counts = [measuring.call_count for _ in seldom]
    assert counts == [0, 0, 1, 1, 2]
    list(always)
    assert equal(seldom.classifier.state_dict(), always.classifier.state_dict())
    parts = images()
    for validation, diagnostics, expected in (
        (None, (), [0, 0, 0, 0, 1]),
        (parts.validation, (ConfusionMatrix(),), [1, 2, 3, 4, 5]),
    ):
        training = train(
            seldom.recipe, 0, parts.train, validation, Numerics(), 10, diagnostics=diagnostics
        )
        with mock.patch("cifar_models.averaging.update_bn", wraps=update_bn) as measuring:
            assert [measuring.call_count for _ in training] == expected
    losses = [[r.metrics.get("validation/loss") for r in t.history] for t in (seldom, always)]
    assert losses[0] == [None, None, losses[1][2], None, losses[1][4]]


def test_swa_ends_in_the_mean_of_its_epochs() -> None:
    training, plain = start(SWA_RECIPE), start(RECIPE)
    ends = []
    for _ in plain:
        ends.append(learnt(plain, copied(plain.classifier.state_dict())))
        next(training)
        if len(ends) <= 2:
            assert training.averaged == {}, "not yet begun"
            assert measured(training)[-1] == measured(plain)[-1]
    for name, value in learnt(training, training.classifier.state_dict()).items():
        torch.testing.assert_close(value, sum(end[name] for end in ends[2:]) / 3)


@pytest.mark.parametrize("epochs", [1, 2, 4])
@pytest.mark.parametrize(
    "recipe",
    [
        EMA_RECIPE,
        SWA_RECIPE,
        RECIPE.replace({"phases.0.optimizer": "schedule_free_adamw"}),
        SWA_RECIPE.replace({"phases.0.optimizer": "schedule_free_sgd"}),
        RECIPE.replace({"phases.1.optimizer": "schedule_free_sgd"}),
        RECIPE.replace({"phases.0.optimizer": "ranger", "phases.1.optimizer": "ranger21"}),
        EMA_RECIPE.replace({"validate_every": 3}),
    ],
    ids=["ema", "swa", "schedule-free first", "and swa", "schedule-free last", "rangers", "seldom"],
)
def test_a_resumed_training_equals_the_undisturbed_one(
    recipe: Recipe, epochs: int, tmp_path: Path
) -> None:
    whole, first = start(recipe), start(recipe)
    list(whole)
    for _ in range(epochs):
        next(first)
    save(first.checkpoint(), str(tmp_path / "checkpoint"))
    saved = load(str(tmp_path / "checkpoint"))
    resumed = start(recipe, checkpoint=saved)
    assert equal(resumed.checkpoint().averaged, saved.averaged)
    list(resumed)
    assert measured(resumed) == measured(whole)
    assert equal(resumed.classifier.state_dict(), whole.classifier.state_dict())
    assert equal(resumed.best_weights, whole.best_weights)


def test_without_averaging_nothing_is_kept_beside() -> None:
    training = start(RECIPE)
    for _ in training:
        assert training.optimisation.settled() == []
        assert training.checkpoint().averaged == {}


def test_a_mean_that_is_best_is_saved_once() -> None:
    training = start(EMA_RECIPE)
    next(training)
    assert training.best_epoch == 1
    checkpoint = training.checkpoint()
    assert all(checkpoint.averaged[n] is checkpoint.best_weights[n] for n in checkpoint.averaged)


def test_no_mean_of_an_earlier_phase_is_kept() -> None:
    training = start(RECIPE.replace({"phases.0.optimizer": "schedule_free_sgd"}))
    kept = [bool(training.averaged) for _ in training]
    assert kept == [True, True, False, False, False]


def test_measuring_statistics_leaves_the_global_generator_alone() -> None:
    before = torch.get_rng_state()
    next(start(EMA_RECIPE))
    assert torch.equal(torch.get_rng_state(), before)

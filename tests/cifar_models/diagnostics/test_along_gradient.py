"""Landscape, predictiveness and smoothness on a quadratic, where all of them are known."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from cifar_models.classifier import Classifier
from cifar_models.diagnostics import (
    AlongGradient,
    BetaSmoothness,
    GradientPredictiveness,
    LossLandscape,
)
from tests.cifar_models.diagnostics.looking import (
    CURVATURES,
    Bowl,
    bowl,
    columns,
    moment,
    subject,
)

WEIGHTS = torch.tensor([1.0, -2.0, 4.0])
SIZES = (0.1, 0.5)


def seen(diagnostic: AlongGradient, *steps: int) -> dict[str, list[float]]:
    observer, training = diagnostic.observer(), bowl(WEIGHTS.tolist())
    for now in (moment(training, step) for step in steps):
        if observer.due(now):
            observer.observe(now)
    return columns(observer.rows())


def test_the_landscape_of_a_quadratic_is_a_parabola() -> None:
    found = seen(LossLandscape(step_sizes=SIZES), 0)
    moved = [WEIGHTS * (1 - size * CURVATURES) for size in (0.0, *SIZES)]
    expected = [0.5 * (CURVATURES * w.square()).sum().item() for w in moved]
    assert found["step_size"] == [0.0, *SIZES]
    assert found["loss"] == pytest.approx(expected)


def test_the_gradient_of_a_quadratic_changes_by_its_curvatures() -> None:
    found = seen(GradientPredictiveness(step_sizes=SIZES), 0)
    gradient = CURVATURES * WEIGHTS
    change = (CURVATURES * gradient).norm().item()
    assert found["distance"] == pytest.approx([size * change for size in SIZES])
    assert found["norm"] == pytest.approx([gradient.norm().item()] * 2)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_beta_is_the_curvature_along_the_gradient(axis: int) -> None:
    observer = BetaSmoothness(step_sizes=SIZES).observer()
    observer.observe(moment(bowl([5.0 * (place == axis) for place in range(3)])))
    found = columns(observer.rows())["beta"]
    assert found == pytest.approx([CURVATURES[axis].item()] * 2, rel=1e-5)


def test_only_every_so_many_steps_are_looked_at() -> None:
    found = seen(LossLandscape(step_sizes=(0.1,), every_steps=3), 0, 1, 2, 3, 4, 5, 6)
    assert found["step"] == [0, 0, 3, 3, 6, 6]


def test_steps_are_counted_through_all_epochs() -> None:
    training, found = bowl(steps=4), list[float]()
    for epoch in (1, 2, 3):
        observer = LossLandscape(step_sizes=(0.1,), every_steps=3).observer()
        for step in range(4):
            now = replace(moment(training, step), epoch=epoch)
            if observer.due(now):
                observer.observe(now)
        found += columns(observer.rows())["step"][::2]
    assert found == [0, 3, 6, 9]


def test_a_point_is_computed_once_for_all_who_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    passes: list[int] = []
    forward = Classifier.forward
    monkeypatch.setattr(Classifier, "forward", lambda *a: passes.append(1) or forward(*a))
    diagnostics = (
        GradientPredictiveness(step_sizes=SIZES),
        BetaSmoothness(step_sizes=SIZES),
        LossLandscape(step_sizes=SIZES),
    )
    now = moment(bowl())
    passes.clear()
    for diagnostic in diagnostics:
        diagnostic.look(now)
    assert len(passes) == 3


def test_running_statistics_weights_and_gradients_stay() -> None:
    training = subject(nn.Sequential(nn.Conv2d(3, 2, 3), nn.BatchNorm2d(2), nn.Flatten()), Bowl())
    pictures = torch.rand(4, 3, 8, 8)
    now = moment(training, criterion=lambda logits: logits.square().mean(), pictures=pictures)
    state = {name: value.clone() for name, value in training.classifier.state_dict().items()}
    gradients = {name: w.grad.clone() for name, w in training.trainable.items()}  # type: ignore[union-attr]
    for diagnostic in (LossLandscape(), GradientPredictiveness(), BetaSmoothness()):
        diagnostic.look(now)
    for name, value in training.classifier.state_dict().items():
        assert torch.equal(value, state[name]), name
    for name, weight in training.trainable.items():
        assert torch.equal(weight.grad, gradients[name]), name  # type: ignore[arg-type]
    assert now.loss_at(0.0) == pytest.approx(now.loss)


def test_dropout_draws_the_same_at_every_step_size() -> None:
    network = nn.Sequential(nn.Flatten(), nn.Dropout(0.5), nn.Linear(192, 1))
    training = subject(network, Bowl())
    now = moment(
        training, criterion=lambda logits: logits.square().mean(), pictures=torch.rand(4, 3, 8, 8)
    )
    before = torch.get_rng_state()
    assert torch.equal(now.loss_at(1e-12), now.loss_at(0.0))
    assert torch.equal(torch.get_rng_state(), before)

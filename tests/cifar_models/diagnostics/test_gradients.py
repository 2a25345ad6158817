"""Norms of gradients, steps and weights, by hand."""

import pytest
import torch
from torch import nn

from cifar_models.diagnostics import GradientFlow, Histograms, RelativeGradient, SuccessiveGradients
from tests.cifar_models.diagnostics.looking import CURVATURES, Bowl, bowl, columns, moment, subject

W = torch.tensor([1.0, -2.0, 4.0])


def test_gradients_of_a_linear_net_by_hand() -> None:
    """logits = B A x: dL/dB = r (A x)', dL/dA = B' r x'; of L = sum(logits) r is one."""
    first, second = nn.Linear(12, 2, bias=True), nn.Linear(2, 1, bias=False)
    training = subject(nn.Sequential(nn.Flatten(), first, second), Bowl())
    with torch.no_grad():
        first.weight.copy_(torch.arange(24.0).view(2, 12) / 10)
        first.bias.zero_()
        second.weight.copy_(torch.tensor([[2.0, -1.0]]))
    pictures = torch.linspace(0, 1, 12).view(1, 3, 2, 2)
    x = pictures.flatten()
    flow, ratios = GradientFlow().observer(), RelativeGradient().observer()
    now = moment(training, criterion=torch.sum, pictures=pictures)
    flow.observe(now)
    ratios.observe(now)
    by_first, by_second = torch.outer(torch.tensor([2.0, -1.0]), x), (first.weight @ x).detach()
    found = columns(flow.rows())
    assert (found["layer"], found["depth"]) == (["1", "2"], [1, 2])
    expected = [by_first.abs().mean().item(), by_second.abs().mean().item()]
    assert found["mean_absolute"] == pytest.approx(expected)
    relative = [
        (by_first.norm() / first.weight.norm()).item(),
        (by_second.norm() / second.weight.norm()).item(),
    ]
    assert columns(ratios.rows())["gradient"] == pytest.approx(relative)


def test_flow_is_a_mean_over_the_steps_and_unscaled() -> None:
    training, observer = bowl(W.tolist()), GradientFlow().observer()
    observer.observe(moment(training))
    second = moment(training, 1)
    second.scale = 4.0
    observer.observe(second)
    once = (CURVATURES * W).abs().mean().item()
    assert columns(observer.rows())["mean_absolute"] == pytest.approx([(once + once / 4) / 2])


def test_the_update_is_what_the_step_made_of_the_weights() -> None:
    training, observer = bowl(W.tolist()), RelativeGradient(every_steps=2).observer()
    weight = training.layers["linear"]
    for step in range(4):
        observer.observe(moment(training, step))
        with torch.no_grad():
            weight.mul_(0.5 if step % 2 == 0 else 0.9)  # only steps 0 and 2 are looked at
    assert columns(observer.rows())["update"] == pytest.approx([0.5])


def test_the_last_step_of_an_epoch_has_no_update() -> None:
    observer = RelativeGradient().observer()
    observer.observe(moment(bowl(steps=1)))
    (row,) = observer.rows()
    assert row["update"] is None


def test_histograms_count_every_value() -> None:
    training, diagnostic = bowl(W.tolist(), steps=2), Histograms(bins=4)
    observer = diagnostic.observer()
    for step in range(2):
        observer.observe(moment(training, step))
    found = columns(observer.rows())
    assert list(zip(found["epoch"], found["quantity"], strict=True)) == [
        (0, "weight"),
        (1, "gradient"),
    ]
    gradient = CURVATURES * W  # 3, -2, 2
    assert (found["low"][1], found["high"][1]) == (gradient.min(), gradient.max())
    assert found["counts"] == [[1, 0, 1, 1], [1, 0, 0, 2]]
    assert found["sd"][1] == pytest.approx(gradient.std(correction=0).item())


@pytest.mark.parametrize("value", ["nan", "inf", "-inf"])
def test_a_histogram_of_what_is_not_finite_is_empty(value: str) -> None:
    training = bowl([1.0, float(value), 2.0])
    observer = Histograms(bins=4).observer()
    observer.observe(moment(training))
    (row,) = observer.rows()
    assert row["counts"] == [0, 0, 0, 0]


def test_initial_weights_are_those_before_the_first_step_that_is_taken() -> None:
    training, observer = bowl(W.tolist(), steps=3), Histograms(bins=4).observer()
    assert observer.due(moment(training, 0))  # it overflows, say, and is not observed
    assert observer.due(moment(training, 1))
    observer.observe(moment(training, 1))
    assert not observer.due(moment(training, 1))
    assert [row["epoch"] for row in observer.rows()] == [0]


def test_a_histogram_of_one_value_has_bins_around_it() -> None:
    observer = Histograms(bins=4).observer()
    observer.observe(moment(bowl([2.0, 2.0, 2.0], steps=2)))
    (row,) = observer.rows()
    assert (row["low"], row["high"], row["counts"]) == (1.0, 3.0, [0, 0, 3, 0])


def test_successive_gradients_are_compared_from_the_second_step_on() -> None:
    training, observer = bowl(W.tolist()), SuccessiveGradients().observer()
    weight = training.layers["linear"]
    for step in range(3):
        observer.observe(moment(training, step))
        with torch.no_grad():
            weight.mul_(0.5)
    found = columns(observer.rows())
    gradient = (CURVATURES * W).norm().item()
    assert found["step"] == [1, 2]
    assert found["norm"] == pytest.approx([gradient / 2, gradient / 4])
    assert found["distance"] == pytest.approx([gradient / 2, gradient / 4])
    loss = 0.5 * (CURVATURES * W.square()).sum().item()
    assert found["loss"] == pytest.approx([loss / 4, loss / 16])

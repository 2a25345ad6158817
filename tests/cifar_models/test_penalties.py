import pytest
import torch
from torch import nn

from cifar_models.penalties import L1, L2, penalised
from tests.cifar_models.small import ONE_PHASE, measured, start


def test_their_numbers_and_gradients() -> None:
    weight = torch.tensor([[1.0, -2.0]], requires_grad=True)
    other = torch.tensor([[3.0]], requires_grad=True)
    assert L1(coefficient=0.1).measure([weight, other]).item() == pytest.approx(0.6)
    term = L2(coefficient=0.1).measure([weight, other])
    assert term.item() == pytest.approx(0.05 * 14)
    term.backward()
    torch.testing.assert_close(weight.grad, 0.1 * weight.detach())


def test_biases_and_norms_are_left_out() -> None:
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Linear(4, 2))
    network[2].weight.requires_grad_(False)
    assert penalised(network) == [network[0].weight]


def test_they_shrink_weights_and_stay_out_of_the_recorded_loss() -> None:
    sizes, losses = [], []
    for penalties in ([], [{"name": "l2", "coefficient": 0.1}]):
        training = start(ONE_PHASE.replace({"penalties": penalties}))
        next(training)
        sizes.append(sum(float(w.detach().square().sum()) for w in training.penalised))
        losses.append(measured(training)[0]["train/loss"])
    assert sizes[1] < 0.9 * sizes[0]
    assert losses[1] == pytest.approx(losses[0], rel=0.3)


def test_l2_is_the_weight_decay_of_sgd_that_skips_biases() -> None:
    rule = {"name": "sgd", "lr": 0.1}
    decayed = rule | {"weight_decay": 0.01, "decay": "weights"}
    penalty = {"penalties": [{"name": "l2", "coefficient": 0.01}], "phases.0.optimizer": rule}
    one = start(ONE_PHASE.replace(penalty))
    other = start(ONE_PHASE.replace({"phases.0.optimizer": decayed}))
    next(one)
    next(other)
    for mine, its in zip(one.penalised, other.penalised, strict=True):
        torch.testing.assert_close(mine, its, rtol=1e-4, atol=1e-5)

"""How long a classifier takes for one image."""

import time

import torch
from torch import Tensor, nn

from cifar_models.classifier import Classifier
from cifar_models.latency import latency
from cifar_models.numerics import Numerics

IMAGE = torch.zeros(1, 3, 8, 8, dtype=torch.uint8)


class Slow(nn.Module):
    """Takes long but for one pass in three, and counts its passes in a batch norm's statistics."""

    passes = 0

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(3)

    def forward(self, x: Tensor) -> Tensor:
        Slow.passes += 1
        time.sleep(0.01 if Slow.passes % 3 else 0.002)
        return self.norm(x).mean((2, 3))


def classifier(network: nn.Module) -> Classifier:
    return Classifier(network, torch.zeros(3), torch.ones(3))


def test_the_fastest_pass_counts_and_the_classifier_stays_as_it_is() -> None:
    timed = classifier(Slow()).train()
    before = {name: value.clone() for name, value in timed.state_dict().items()}
    found = latency(timed, IMAGE, Numerics())
    assert found is not None
    assert 0.002 <= found < 0.01
    assert timed.training
    assert all(torch.equal(before[name], value) for name, value in timed.state_dict().items())


def test_what_does_not_compute_has_no_latency() -> None:
    assert latency(classifier(nn.Linear(7, 3)), IMAGE, Numerics()) is None

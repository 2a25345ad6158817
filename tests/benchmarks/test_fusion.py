import pytest
import torch
import torch.nn.functional as F

from benchmarks import fusion
from benchmarks.fusion import FUSED, NETWORKS, ONE_BY_ONE, PACKED, Fused, measure, plain, rates_of
from benchmarks.harness import Options
from benchmarks.harness.images import random_images
from benchmarks.trainer import SHAPE
from cifar_models.architectures import LeNet5
from cifar_models.numerics import Numerics
from cifar_models.training import build_classifier

RATES = [0.001, 0.01, 0.1]
BATCH = torch.randn(8, 3, 32, 32), torch.arange(8)


@pytest.mark.parametrize("name", NETWORKS)
def test_fused_models_step_as_each_would_alone(name: str) -> None:
    recipe = plain(NETWORKS[name])
    fused = Fused(recipe, RATES, random_images(128), Numerics())
    for _ in range(2):
        fused.step(*BATCH)
    for seed, rate in enumerate(RATES):
        network = build_classifier(recipe, SHAPE, seed).network
        optimizer = torch.optim.SGD(network.parameters(), lr=rate)
        for _ in range(2):
            optimizer.zero_grad()
            F.cross_entropy(network(BATCH[0]), BATCH[1]).backward()  # type: ignore[no-untyped-call]
            optimizer.step()
        for key, weight in network.named_parameters():
            torch.testing.assert_close(fused.weights[key][seed], weight.detach())


def test_an_epoch_gives_a_loss_for_each_model_in_any_precision() -> None:
    for numerics in (Numerics(), Numerics(precision="bf16")):
        losses = Fused(plain(LeNet5()), RATES, random_images(256), numerics).train()
        assert losses.shape == (3,)
        assert losses.isfinite().all()


def test_rates_are_spread_over_two_decades() -> None:
    rates = rates_of(8)
    assert (len(rates), rates[0], rates[-1]) == (8, pytest.approx(1e-3), pytest.approx(0.1))


@pytest.mark.slow
def test_quick_measurement_compares_all_three(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fusion, "NETWORKS", {"LeNet5": LeNet5()})
    monkeypatch.setattr(fusion, "COUNTS", (4,))
    (case,) = measure(Options(scale="quick", threads=2))
    assert set(case.arms) == {FUSED, ONE_BY_ONE, PACKED}
    assert {window.work for window in case.windows} == {4 * 128}
    assert [figure.name for figure in case.figures] == [
        "fused over one after another",
        "fused over packed",
    ]

import pytest
import torch
from torch import nn

from cifar_models.component import registry
from cifar_models.initialisation import Default, Dirac, Initialisation, Kaiming, Xavier

RULES = registry("initialisation").values()


def drawn(rule: Initialisation, module: nn.Module) -> nn.Module:
    torch.manual_seed(0)
    rule.draw(module)
    return module


def spread(rule: Initialisation) -> float:
    conv = drawn(rule, nn.Conv2d(64, 128, 3))
    assert isinstance(conv, nn.Conv2d)
    return float(conv.weight.detach().var())


def test_variances_are_those_of_the_papers() -> None:
    fan_in, fan_out = 64 * 9, 128 * 9
    assert spread(Default()) == pytest.approx(1 / (3 * fan_in), rel=0.05)
    assert spread(Kaiming()) == pytest.approx(2 / fan_out, rel=0.05)
    assert spread(Kaiming(mode="fan_in")) == pytest.approx(2 / fan_in, rel=0.05)
    assert spread(Xavier()) == pytest.approx(2 / (fan_in + fan_out), rel=0.05)


def test_dirac_copies_the_inputs_to_the_first_outputs() -> None:
    conv = drawn(Dirac(), nn.Conv2d(3, 8, 3, padding=1, bias=False))
    images = torch.randn(2, 3, 5, 5)
    torch.testing.assert_close(conv(images)[:, :3], images)
    assert conv(images)[:, 3:].abs().mean() > 0


@pytest.mark.parametrize("rule", [Kaiming(), Xavier()], ids=lambda rule: str(rule.name))
def test_biases_begin_at_zero(rule: Initialisation) -> None:
    linear = drawn(rule, nn.Linear(5, 4))
    assert isinstance(linear, nn.Linear)
    assert not linear.bias.any()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_norms_begin_as_torch_has_them(rule: type[Initialisation]) -> None:
    norm = drawn(rule.model_validate({}), nn.BatchNorm2d(4))
    assert isinstance(norm, nn.BatchNorm2d)
    assert norm.weight.tolist() == [1.0] * 4
    assert not norm.bias.any()

import pytest
import torch
from torch import Tensor, nn

from cifar_models.norms import BatchNorm, GhostBatchNorm, GroupNorm


def test_batch_norm_hands_its_fields_on_and_may_keep_its_scale() -> None:
    norm = BatchNorm(momentum=0.4, eps=1e-12, scale=False).build(3)
    assert isinstance(norm, nn.BatchNorm2d)
    assert (norm.momentum, norm.eps) == (0.4, 1e-12)
    assert not norm.weight.requires_grad
    assert norm.bias.requires_grad
    plain = BatchNorm().build(3)
    assert isinstance(plain, nn.BatchNorm2d)
    assert (plain.eps, plain.weight.requires_grad) == (1e-5, True)


def test_ghosts_are_normalised_one_by_one() -> None:
    images = torch.randn(7, 3, 4, 4)
    ghosts = GhostBatchNorm(size=3).build(3)
    alone = BatchNorm().build(3)
    expected = torch.cat([alone(part) for part in images.split(3)])
    torch.testing.assert_close(ghosts(images), expected)
    for of_ghosts, of_one in zip(ghosts.buffers(), alone.buffers(), strict=True):
        torch.testing.assert_close(of_ghosts, of_one)
    torch.testing.assert_close(ghosts.eval()(images), alone.eval()(images))


@pytest.mark.parametrize(("groups", "channels", "used"), [(4, 8, 4), (32, 48, 16), (32, 7, 1)])
def test_groups_divide_the_channels(groups: int, channels: int, used: int) -> None:
    norm = GroupNorm(groups=groups).build(channels)
    assert isinstance(norm, nn.GroupNorm)
    assert norm.num_groups == used
    assert norm(torch.randn(2, channels, 3, 3)).shape == (2, channels, 3, 3)


def normalised(weight: Tensor, maps: Tensor) -> Tensor:
    """Return BN(Wu) of a real pair of layers in training mode."""
    conv, norm = nn.Conv2d(3, 4, 3, bias=False).double(), BatchNorm(eps=1e-12).build(4).double()
    outputs: Tensor = norm(torch.func.functional_call(conv, {"weight": weight}, maps))
    return outputs


def test_the_scale_of_the_weights_before_a_batch_norm_changes_nothing() -> None:
    """BN((aW)u) = BN(Wu); the gradient by u is the same, that by aW is 1/a of it.

    Ioffe and Szegedy 2015 (arXiv:1502.03167), section 3.3.
    """
    scale = 7.0
    results = []
    for factor in (1.0, scale):
        torch.manual_seed(0)
        weight = (factor * torch.randn(4, 3, 3, 3, dtype=torch.float64)).requires_grad_()
        maps = torch.randn(5, 3, 6, 6, dtype=torch.float64).requires_grad_()
        outputs = normalised(weight, maps)
        weights_of_a_loss = torch.randn(outputs.shape, dtype=torch.float64)
        (outputs * weights_of_a_loss).sum().backward()
        assert weight.grad is not None
        assert maps.grad is not None
        results.append((outputs, maps.grad, weight.grad))
    (one, by_maps, by_weight), (scaled, by_maps_scaled, by_weight_scaled) = results
    torch.testing.assert_close(scaled, one)
    torch.testing.assert_close(by_maps_scaled, by_maps)
    torch.testing.assert_close(by_weight_scaled, by_weight / scale)


def test_inference_uses_the_unbiased_mean_variance_of_the_batches() -> None:
    """Ioffe and Szegedy 2015, algorithm 2, line 10: m / (m - 1) times the mean batch variance."""
    norm = BatchNorm(momentum=1.0).build(2)
    batch = torch.randn(6, 2, 5, 5)
    norm(batch)
    count = batch.numel() // 2
    expected = count / (count - 1) * batch.var((0, 2, 3), unbiased=False)
    torch.testing.assert_close(norm.running_var, expected)

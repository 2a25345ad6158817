import pytest
import torch
from torch import Tensor, nn

from cifar_models.optimizers import SGD, Muon
from cifar_models.optimizers.muon import orthogonalised
from tests.cifar_models.optimizers.networks import gradients, small


def matrices(count: int, rows: int, columns: int) -> Tensor:
    return torch.randn(count, rows, columns, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(("rows", "columns"), [(8, 20), (20, 8), (6, 6), (1, 5)])
def test_singular_values_come_near_one_and_vectors_stay(rows: int, columns: int) -> None:
    given = matrices(3, rows, columns)
    done = orthogonalised(given, iterations=10)
    values = torch.linalg.svdvals(done)
    assert values.min() > 0.6
    assert values.max() < 1.3
    left, values, right = torch.linalg.svd(given, full_matrices=False)
    torch.testing.assert_close(left.mT @ done @ right.mT, torch.diag_embed(
        torch.linalg.diagonal(left.mT @ done @ right.mT)), atol=1e-4, rtol=0)  # fmt: skip


def test_the_scale_of_a_matrix_does_not_matter() -> None:
    given = matrices(2, 5, 9)
    torch.testing.assert_close(orthogonalised(1e3 * given, 3), orthogonalised(given, 3))
    assert not orthogonalised(torch.zeros(1, 3, 4), 3).any()


def by_hand(optimizer: Muon, network: nn.Sequential, steps: int) -> None:
    """Step the convolutions as the paper says, one after the other."""
    weights = [network.get_parameter(name) for name in ("0.weight", "2.weight")]
    buffers = [torch.zeros_like(weight) for weight in weights]
    for step in range(steps):
        gradients(network, step)
        for weight, buffer in zip(weights, buffers, strict=True):
            assert weight.grad is not None
            buffer.mul_(optimizer.momentum).add_(weight.grad)
            direction = weight.grad + optimizer.momentum * buffer if optimizer.nesterov else buffer
            matrix = orthogonalised(direction.flatten(1)[None], optimizer.iterations)[0]
            if optimizer.normalise:
                weight.data *= len(weight) ** 0.5 / weight.data.norm()
            weight.data -= optimizer.lr * matrix.view_as(weight)


@pytest.mark.parametrize(
    "optimizer",
    [Muon(), Muon(nesterov=False), Muon(normalise=False, lr=0.1), Muon(momentum=0, iterations=5)],
    ids=["default", "without nesterov", "without normalise", "without momentum"],
)
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_convolutions_step_as_by_hand(optimizer: Muon, layout: torch.memory_format) -> None:
    ours, theirs = (small().to(memory_format=layout) for _ in range(2))
    for network in (ours, theirs):
        for name, parameter in network.named_parameters():
            parameter.requires_grad_(name in ("0.weight", "2.weight"))
    built = optimizer.build(ours, 10)
    for step in range(4):
        gradients(ours, step)
        built.step()
    by_hand(optimizer, theirs, 4)
    for mine, its in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(mine, its, rtol=1e-3, atol=1e-5)


def test_all_others_learn_by_sgd() -> None:
    sgd = SGD(lr=0.05, momentum=0.8, nesterov=True, weight_decay=0.01, norm_bias_rate=8)
    ours, theirs = small(), small()
    for network in (ours, theirs):
        network.get_parameter("0.weight").requires_grad_(False)
        network.get_parameter("2.weight").requires_grad_(False)
    built, torchs = Muon(sgd=sgd).build(ours, 10), sgd.build(theirs, 10)
    assert [group["lr"] for group in built.param_groups] == [0.05, 0.4]
    for step in range(3):
        for network, optimizer in ((ours, built), (theirs, torchs)):
            gradients(network, step)
            optimizer.step()
    for mine, its in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert torch.equal(mine, its)


def test_a_loss_scale_leaves_the_step_as_it_is() -> None:
    plain, scaled = small(), small()
    one, other = Muon().build(plain, 10), Muon().build(scaled, 10)
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**10)
    for step in range(3):
        gradients(plain, step)
        one.step()
        gradients(scaled, step)
        for parameter in scaled.parameters():
            assert parameter.grad is not None
            parameter.grad *= 2.0**10
        scaler.scale(torch.ones(()))
        scaler.step(other)
        scaler.update()
    for mine, its in zip(plain.parameters(), scaled.parameters(), strict=True):
        torch.testing.assert_close(mine, its)

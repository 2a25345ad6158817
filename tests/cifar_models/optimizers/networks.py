"""Small networks that the tests of optimizers share."""

import torch
from torch import Tensor, nn


class Weight(nn.Module):
    """A network of one parameter."""

    def __init__(self, value: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.tensor([value]))


def small() -> nn.Sequential:
    """Return two convolutions with a norm between them, and a linear layer."""
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(2, 4, 3), nn.BatchNorm2d(4), nn.Conv2d(4, 3, 3), nn.Flatten(), nn.Linear(12, 2)
    )


def gradients(network: nn.Module, step: int = 0) -> list[Tensor]:
    """Take the gradients of a loss, and return them."""
    generator = torch.Generator().manual_seed(step)
    network.zero_grad()
    network(torch.randn(5, 2, 6, 6, generator=generator)).square().mean().backward()
    return [p.grad.clone() for p in network.parameters() if p.grad is not None]

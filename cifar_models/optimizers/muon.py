"""Muon: steps along the orthogonalised momentum of each convolution."""

from collections import defaultdict
from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from cifar_models.optimizers.optimizer import Group, Optimizer, trainable
from cifar_models.optimizers.sgd import SGD
from cifar_models.ranges import IntRange, LogRange, Range

# Coefficients of the quintic iteration that sends singular values in (0, 1] to about 1 (Jordan
# 2024): steepest at zero, at the price of ending anywhere in about [0.7, 1.2].
_A, _B, _C = 3.4445, -4.7750, 2.0315
_EPS = 1e-7


class Muon(Optimizer):
    """Moves each convolution's weight by ``lr`` times its momentum with singular values near 1.

    The weight counts as a matrix (outputs, inputs * height * width). With ``normalise`` it is
    scaled to the norm of ``sqrt(outputs)`` before every step, so that ``lr`` is the size of a step
    relative to it and no decay is needed. Every other parameter learns by ``sgd``.

    Source: Jordan 2024, "Muon: an optimizer for hidden layers in neural networks"; its form for
    convolutions, with normalised weights and few iterations, from cifar10-airbench (2024).
    """

    name: Literal["muon"] = "muon"
    lr: Annotated[float, Field(gt=0), LogRange(1e-2, 1.0)] = 0.24
    momentum: Annotated[float, Field(ge=0, lt=1), Range(0.0, 0.99)] = 0.6
    nesterov: bool = True
    normalise: bool = True
    iterations: Annotated[int, Field(gt=0), IntRange(1, 10)] = 3
    sgd: SGD = SGD(nesterov=True)

    def build(self, network: nn.Module, total_steps: int) -> torch.optim.Optimizer:
        """Return the optimizer; the convolutions are its first group."""
        filters = [parameter for parameter in trainable(network) if parameter.ndim == 4]
        own: Group = {
            "params": filters,
            "lr": self.lr,
            "weight_decay": 0.0,
            "momentum": 0.0,  # taken below, before the matrices are made orthogonal
            "nesterov": False,
            "muon": {"momentum": self.momentum, "nesterov": self.nesterov,
                     "normalise": self.normalise, "iterations": self.iterations},
        }  # fmt: skip
        others = self.sgd.groups(network, without=set(filters))
        return MuonSGD([own, *others] if filters else others, self.sgd)


class MuonSGD(torch.optim.SGD):
    """Stochastic gradient descent; groups that carry ``muon`` descend an orthogonal direction."""

    def __init__(self, groups: list[Group], sgd: SGD) -> None:
        super().__init__(groups, momentum=sgd.momentum, nesterov=sgd.nesterov, fused=True)
        self._step_supports_amp_scaling = False  # a loss scale goes before momentum is taken

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """Change the parameters once; the gradients of convolutions are overwritten."""
        for group in self.param_groups:
            if group.get("muon"):
                self._direct(group["params"], **group["muon"])
        super().step(closure)

    def _direct(
        self,
        weights: list[nn.Parameter],
        momentum: float,
        nesterov: bool,
        normalise: bool,
        iterations: int,
    ) -> None:
        """Put the direction of the step where the gradient is."""
        weights = [weight for weight in weights if weight.grad is not None]
        gradients = [weight.grad for weight in weights if weight.grad is not None]
        for weight, gradient in zip(weights, gradients, strict=True):
            if not self.state[weight]:
                self.state[weight]["momentum_buffer"] = torch.zeros_like(gradient)
        buffers = [self.state[weight]["momentum_buffer"] for weight in weights]
        torch._foreach_mul_(buffers, momentum)
        torch._foreach_add_(buffers, gradients)
        if nesterov:
            torch._foreach_add_(gradients, buffers, alpha=momentum)
        else:
            torch._foreach_copy_(gradients, buffers)
        if normalise:
            values = [weight.detach() for weight in weights]
            norms = torch._foreach_norm(values)
            scales = [len(v) ** 0.5 / norm for v, norm in zip(values, norms, strict=True)]
            torch._foreach_mul_(values, scales)
        same: dict[torch.Size, list[Tensor]] = defaultdict(list)
        for gradient in gradients:
            same[gradient.shape].append(gradient)
        for alike in same.values():
            matrices = torch.stack([gradient.flatten(1) for gradient in alike])
            directions = orthogonalised(matrices, iterations).to(matrices.dtype)
            for gradient, direction in zip(alike, directions, strict=True):
                gradient.copy_(direction.view(gradient.shape))


def orthogonalised(matrices: Tensor, iterations: int) -> Tensor:
    """Return matrices (B, M, N) with their singular vectors and singular values near 1.

    In bfloat16 on a GPU, whose rounding the iteration forgives; singular values below about
    ``3.4 ** -iterations`` of the largest stay small.

    Source: Jordan 2024, the Newton-Schulz iteration of Muon; Bernstein and Newhouse 2024
    (arXiv:2409.20325), section 2.
    """
    wide = matrices.mT if matrices.shape[1] > matrices.shape[2] else matrices
    x = wide.bfloat16() if wide.is_cuda else wide
    x = x / (x.norm(dim=(1, 2), keepdim=True) + _EPS)
    for _ in range(iterations):
        gram = x @ x.mT
        x = torch.baddbmm(x, torch.baddbmm(gram, gram, gram, beta=_B, alpha=_C), x, beta=_A)
    return x.mT if matrices.shape[1] > matrices.shape[2] else x

"""The kind `averaging`: a mean of the weights on the way, which counts instead of the last ones."""

from abc import abstractmethod
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.optim.swa_utils import update_bn

from cifar_models.component import Component
from cifar_models.optimizers import Settled
from cifar_models.ranges import Range

Share = Callable[[int], float]

_STATISTICS_BATCHES = 40


class Averaging(Component, kind="averaging"):
    """Which mean of the weights is measured, selected and kept; it does not change what learns."""

    @abstractmethod
    def build(self, total_steps: int, steps_per_epoch: int) -> Share | None:
        """Return the share of the new weights in the mean after so many steps, from 1 on.

        Zero leaves the mean as it is; the first share that is not begins it with the new weights
        alone, whatever it is. None: there is no mean.
        """


class NoAveraging(Averaging):
    """The weights as they are.

    Source: the usual training.
    """

    name: Literal["none"] = "none"

    def build(self, total_steps: int, steps_per_epoch: int) -> Share | None:
        """Return None."""
        return None


class EMA(Averaging):
    """A mean that forgets: ``decay`` of it stays at every step, and less in the first steps.

    After n steps at most ``n / (n + 9)`` of it stays.

    Source: Polyak and Juditsky 1992, section 2, in its exponential form;
    torch.optim.swa_utils.get_ema_multi_avg_fn; the first steps by tf.train.ExponentialMovingAverage
    (num_updates).
    """

    name: Literal["ema"] = "ema"
    decay: Annotated[float, Field(ge=0, lt=1), Range(0.9, 0.9999)] = 0.999

    def build(self, total_steps: int, steps_per_epoch: int) -> Share | None:
        """Return the share."""
        return lambda step: 1 - min(self.decay, step / (step + 9))


class SWA(Averaging):
    """The plain mean of the weights at the end of every epoch after a part ``start`` of them.

    A schedule is best left high during these.

    Source: Izmailov et al. 2018 (arXiv:1803.05407), algorithm 1, cycles of one epoch.
    """

    name: Literal["swa"] = "swa"
    start: Annotated[float, Field(ge=0, lt=1), Range(0.5, 0.9)] = 0.75

    def build(self, total_steps: int, steps_per_epoch: int) -> Share | None:
        """Return the share."""
        before = int(self.start * (total_steps // steps_per_epoch) + 1e-9)  # 0.29 * 100 < 29

        def share(step: int) -> float:
            epochs, rest = divmod(step, steps_per_epoch)
            return 1 / (epochs - before) if not rest and epochs > before else 0.0

        return share


class Average:
    """A running mean of the parameters of a network that learn."""

    def __init__(self, share: Share | None, network: nn.Module) -> None:
        self._share, self._steps = share, 0
        self._named = {n: p.detach() for n, p in network.named_parameters() if p.requires_grad}
        self._means: list[Tensor] = []

    def step(self) -> None:
        """Take in the weights after another step."""
        if self._share is None:
            return
        self._steps += 1
        share = self._share(self._steps)
        if share and self._means:
            torch._foreach_lerp_(self._means, [*self._named.values()], share)
        elif share:
            self._means = [value.clone() for value in self._named.values()]

    def settled(self) -> Settled:
        """Return the parameters with their means; nothing while there are none."""
        return list(zip(self._named.values(), self._means, strict=True)) if self._means else []

    def restore(self, steps: int, weights: dict[str, Tensor]) -> None:
        """Go on after so many steps, with the means among the weights that counted then."""
        self._steps = steps
        if self._share is not None and any(map(self._share, range(1, steps + 1))):
            self._means = [value.clone() for value in self._named.values()]
            torch._foreach_copy_(self._means, [weights[name] for name in self._named])


@torch.no_grad()
def settle(
    network: nn.Module,
    weights: Settled,
    batches: Iterable[tuple[Tensor, Tensor]],
    measured: bool = True,
) -> None:
    """Put weights into a network, and measure the running statistics that go with them.

    Those that it has belong to the weights that learned. They are measured on the first batches,
    or left as they are where nothing is to be ``measured`` with the weights.

    Source: Izmailov et al. 2018 (arXiv:1803.05407), section 3.2; torch.optim.swa_utils.update_bn.
    """
    for parameter, value in weights:
        parameter.copy_(value)
    if measured:
        update_bn(islice(batches, _STATISTICS_BATCHES), network)

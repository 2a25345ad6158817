"""How many floating point operations a network takes for an image."""

import copy
import sys
from collections.abc import Callable
from functools import cache
from types import ModuleType, NoneType
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode


def flops(network: nn.Module, image: Tensor) -> int | None:
    """Count the operations of one image, forward and backward to every weight that learns.

    Those of convolutions and matrix products alone, by torch's own formulas, as
    ``torch.utils.flop_counter.FlopCounterMode`` counts them; a multiplication with its addition
    counts as two. The network stays as it is: a copy computes, once, on the network's device.

    Args:
        network: As it trains.
        image: Float (1, channels, height, width), on the network's device.

    Returns:
        The number, or None where the network does not compute: its training will tell why.
    """
    counter = _Counter()  # type: ignore[no-untyped-call]
    try:
        network = copy.deepcopy(network).eval()  # no dropout, and one image has no batch statistics
        weights = [weight for weight in network.parameters() if weight.requires_grad]
        with torch.enable_grad(), counter:
            torch.autograd.grad(network(image).sum(), weights, allow_unused=True)
    except Exception:  # whatever a user's own network raises
        return None
    return counter.total


class _Counting:
    """What the counter does, in a base class: torch wraps a mode's own method to load its compiler.

    On the meta device the networks would not have to compute, but torch's kernels for it load the
    compiler too: 2 s and 100 MB in each worker.
    """

    total: int = 0

    def __torch_dispatch__(
        self, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        result = function(*args, **(kwargs or {}))
        formula = _formulas().get(function.overloadpacket)
        if formula is not None:
            self.total += formula(*args, **(kwargs or {}), out_val=result)
        return result


class _Counter(_Counting, TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Adds up the operations of what is computed inside it."""


@cache
def _formulas() -> dict[Any, Callable[..., int]]:
    """Return torch's formulas by operation.

    Beside them torch loads triton, 0.2 s and 70 MB in each worker, to know one class of it, whose
    kernels no network here has; without triton it takes NoneType for that class, and warns.
    """
    names = ("triton", "triton.runtime", "triton.runtime.jit")
    stand_ins = {} if names[0] in sys.modules else {name: ModuleType(name) for name in names}
    for module in stand_ins.values():
        vars(module)["JITFunction"] = NoneType
    sys.modules.update(stand_ins)
    try:
        from torch.utils.flop_counter import flop_registry
    finally:
        for name in stand_ins:
            del sys.modules[name]
    return flop_registry

"""Torch's optimizers without its compiler, where nothing is compiled."""

from collections.abc import Callable
from functools import cache, wraps
from inspect import unwrap
from typing import Any

import torch
from torch.optim import Optimizer

_MARKED = ("add_param_group", "zero_grad", "state_dict", "load_state_dict")
_STEP = "_use_grad"
"""The code around each optimizer's own step, in torch."""


@cache
def leave_compiler_out() -> None:
    """Keep the modules behind `torch.compile` out of this process; done once.

    Torch's optimizers load the whole compiler, 1.5 s and 100 MB in each worker, at their first step
    and at the first call of some other methods: only to tell it what not to compile.
    """
    for name in _MARKED:
        method = unwrap(getattr(Optimizer, name))
        vars(method).setdefault("__dynamo_disable", method)
    for kind in Optimizer.__subclasses__():
        step: Any = kind.step
        if step.__code__.co_name == _STEP:
            kind.step = _eager(step.__wrapped__)  # type: ignore[method-assign]


def _eager(plain: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(plain)
    def step(self: Optimizer, *args: Any, **options: Any) -> Any:
        with torch.set_grad_enabled(self.defaults["differentiable"]):
            return plain(self, *args, **options)

    return step

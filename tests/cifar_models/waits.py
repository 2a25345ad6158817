"""A watch on what would make the host wait for a device: seen on the CPU too, by its operations."""

from typing import Any

from torch.utils._python_dispatch import TorchDispatchMode

_WAITS = ("_local_scalar_dense", "nonzero", "masked_select", "equal", "lift_fresh")
"""Numbers asked for, sizes that depend on values, and tensors made of numbers."""


class Waits(TorchDispatchMode):
    """Notes in ``seen`` the operations inside the block that wait."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def __torch_dispatch__(
        self, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        name = function.overloadpacket.__name__
        if name in _WAITS:
            self.seen.append(name)
        return function(*args, **(kwargs or {}))

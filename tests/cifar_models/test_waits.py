import torch

from tests.cifar_models.waits import Waits


def test_what_waits_is_noticed() -> None:
    values = torch.ones(3)
    with Waits() as waits:
        values[values > 0].sum().item()
        torch.tensor([1])
    assert {"_local_scalar_dense", "lift_fresh"} <= set(waits.seen)
    with Waits() as waits:
        values.mul_(2).sum()
    assert waits.seen == []

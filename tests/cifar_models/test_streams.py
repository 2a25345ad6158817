import pytest
import torch
from torch import nn

from cifar_models.initialisation import Default
from cifar_models.streams import generator, global_stream, initialise, stream, uniforms


def test_streams_differ_by_seed_purpose_and_key() -> None:
    seeds = {
        stream(0, "order", 1),
        stream(1, "order", 1),
        stream(0, "dropout", 1),
        stream(0, "order", 2),
        stream(0, "augment", "a", 1),
        stream(0, "augment", "b", 1),
        stream(0, "init"),
    }
    assert len(seeds) == 7
    assert all(0 <= seed < 2**63 for seed in seeds)


def test_streams_are_the_same_for_ever() -> None:
    assert stream(0, "order", 1) == 4489457307835839548
    assert torch.randperm(5, generator=generator(0, "order", 1)).tolist() == [0, 1, 3, 2, 4]


def test_the_global_generator_is_lent_and_given_back() -> None:
    before = torch.get_rng_state()
    with global_stream(0, "dropout", 1):
        inside = torch.rand(3)
    assert torch.equal(torch.get_rng_state(), before)
    with global_stream(0, "dropout", 1):
        assert torch.equal(torch.rand(3), inside)
    with pytest.raises(RuntimeError, match="on purpose"), global_stream(0, "dropout", 1):
        raise RuntimeError("on purpose")
    assert torch.equal(torch.get_rng_state(), before)


def test_a_mac_s_generator_is_given_back_too(monkeypatch: pytest.MonkeyPatch) -> None:
    its = torch.Generator().manual_seed(1)  # in place of the one that only a Mac has
    monkeypatch.setattr("torch.backends.mps.is_available", lambda: True)
    monkeypatch.setattr("torch.accelerator.current_accelerator", lambda: torch.device("mps"))
    monkeypatch.setattr("torch.mps._get_default_mps_generator", lambda: its)
    monkeypatch.setattr("torch._C._has_mps", True)
    before = its.get_state()
    with global_stream(0, "dropout", 1):
        inside = torch.rand(3, generator=its)
        with global_stream(0, "diagnostics", 1):
            torch.rand(3, generator=its)
        after = torch.rand(3, generator=its)
    assert torch.equal(its.get_state(), before)
    with global_stream(0, "dropout", 1):
        assert torch.equal(torch.rand(6, generator=its), torch.cat([inside, after]))


def head_of(network: nn.Module, seed: int) -> torch.Tensor:
    initialise(network, seed, Default().draw)
    return network.get_parameter("head.weight")


def test_weights_follow_path_and_seed_whatever_else_is_in_the_network() -> None:
    small = nn.ModuleDict({"head": nn.Linear(4, 2)})
    large = nn.ModuleDict({"first": nn.Linear(7, 7), "head": nn.Linear(4, 2)})
    twins = nn.ModuleDict({"head": nn.Linear(4, 2), "tail": nn.Linear(4, 2)})
    assert torch.equal(head_of(small, 5), head_of(large, 5))
    assert not torch.equal(head_of(twins, 5), twins.get_parameter("tail.weight"))
    assert not torch.equal(head_of(small, 6), head_of(large, 5))


def test_the_draws_of_an_image_do_not_depend_on_the_batch_but_on_epoch_and_name() -> None:
    draws = uniforms(0, 1, "random_crop", 50, 2)
    assert draws.shape == (50, 2)
    assert draws.dtype == torch.float32
    assert 0 <= draws.min() <= draws.max() < 1
    assert torch.equal(draws, uniforms(0, 1, "random_crop", 50, 2))
    for other in (uniforms(0, 2, "random_crop", 50, 2), uniforms(0, 1, "cutout", 50, 2)):
        assert not torch.equal(draws, other)

import torch
from torch import nn
from torch._subclasses import FakeTensorMode

from cifar_models.optimizers import NAdam


def test_a_nadam_that_goes_on_keeps_off_the_gpu_what_it_reads_at_every_step() -> None:
    before = nn.Linear(2, 1)
    optimizer = NAdam().build(before, 10)
    before(torch.ones(1, 2)).sum().backward()
    optimizer.step()
    with FakeTensorMode(allow_non_fake_inputs=True):
        network = nn.Linear(2, 1, device="cuda")  # no more than the name of one
        resumed = NAdam().build(network, 10)
        resumed.load_state_dict(optimizer.state_dict())
    states = resumed.state.values()
    assert {state["mu_product"].device.type for state in states} == {"cpu"}
    assert {state["exp_avg"].device.type for state in states} == {"cuda"}

import subprocess
import sys
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from cifar_models.architectures import Airbench, ImageShape, LeNet5
from cifar_models.flops import flops
from tests.cifar_models.components import of

SHAPE = ImageShape(3, 32, 32, 10)
IMAGE = torch.zeros(1, 3, 32, 32)


@pytest.mark.parametrize("choice", of("architecture"))
def test_every_network_is_counted_as_torch_counts_it_in_training(choice: type[Any]) -> None:
    network = choice().build(SHAPE)
    found = flops(network, IMAGE)
    with FlopCounterMode(display=False) as counter:
        network(torch.rand(2, 3, 32, 32)).sum().backward()
    assert found == counter.get_total_flops() / 2 > 0


def test_numbers_of_a_convolution_and_a_linear_layer_by_hand() -> None:
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(4 * 30 * 30, 10))
    convolution, linear = 2 * 30 * 30 * 4 * 3 * 3 * 3, 2 * 4 * 30 * 30 * 10
    # forward and to the weights; the linear layer also to its inputs, which no image needs
    assert flops(network, IMAGE) == 2 * convolution + 3 * linear


def test_weights_that_do_not_learn_need_no_gradient() -> None:
    learning, fixed = (Airbench(whitening=w).build(SHAPE) for w in (False, True))
    assert flops(learning, IMAGE) == (flops(fixed, IMAGE) or 0) + 2 * 31 * 31 * 24 * 3 * 2 * 2


def test_the_network_is_left_as_it_was() -> None:
    class Counts(nn.Module):
        seen = 0

        def forward(self, inputs: Tensor) -> Tensor:
            self.seen += 1
            return inputs

    network = nn.Sequential(Counts(), LeNet5().build(SHAPE), nn.Dropout(0.5)).train()
    before, state = torch.get_rng_state(), {n: v.clone() for n, v in network.state_dict().items()}
    assert flops(network, IMAGE) == 3_204_720
    assert network.training
    assert network[0].seen == 0
    assert all(weight.grad is None for weight in network.parameters())
    assert all(torch.equal(value, state[name]) for name, value in network.state_dict().items())
    assert torch.equal(torch.get_rng_state(), before)


def test_a_network_that_fails_is_not_counted() -> None:
    assert flops(nn.Linear(7, 3), IMAGE) is None


COUNT = """
import sys, torch
from cifar_models.architectures import Airbench, ImageShape
from cifar_models.flops import flops
assert flops(Airbench().build(ImageShape(3, 32, 32, 10)), torch.zeros(1, 3, 32, 32))
assert "torch._dynamo" not in sys.modules, "the compiler takes seconds in each worker"
assert not [name for name in sys.modules if name.split(".")[0] == "triton"]
import importlib.util
if importlib.util.find_spec("triton"):  # it can be had as if nothing had been
    from triton.runtime.jit import JITFunction
    assert JITFunction is not type(None)
"""


def test_counting_leaves_the_compiler_out() -> None:
    done = subprocess.run(
        [sys.executable, "-c", COUNT], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""

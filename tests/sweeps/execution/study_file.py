"""A study file as a user would write it, with every way in which a trial can end in its space."""

TEXT = '''
"""Does a user's own activation do as well as relu?"""
from typing import Literal

import torch
from torch import nn

from cifar_models.activations import Activation
from cifar_models.architectures import PlainCNN
from cifar_models.datasets import Shapes
from cifar_models.optimizers import SGD
from cifar_models.recipe import Phase, Recipe
from search_spaces import Search, Study, choice, factor


class Doubled(Activation):
    """Twice relu. Source: this file."""

    name: Literal["doubled"] = "doubled"

    def build(self) -> nn.Module:
        return Twice()


class Twice(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return 2 * torch.relu(x)


class Broken(Activation):
    """Fails in its first forward pass. Source: this file."""

    name: Literal["broken"] = "broken"

    def build(self) -> nn.Module:
        return Fails()


class Fails(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        raise RuntimeError("broken on purpose")


SMALL = PlainCNN(channels=(4, 8))

STUDY = Study(
    name="own",
    question="Does a user's own activation do as well as relu?",
    base=Recipe(
        dataset=Shapes(train_size=300, test_size=100),
        model=SMALL,
        phases=(Phase(epochs=4, optimizer=SGD(lr=0.05)),),
        batch_size=50,
    ),
    search=Search(
        space={
            "model": choice(
                fits=SMALL,
                impossible=SMALL.model_copy(update={"kernel_size": 31, "padding": "valid"}),
            ),
            "model.activation": choice("relu", "leaky_relu", "elu", Broken()),
            "optimizer.lr": choice(a=0.01, b=0.05, c=0.1, d=0.2, exploding=1e20),
        },
        trials=24,
        sampler="random",
        reduction_factor=2,
        top_k=2,
    ),
    factors=(factor("activation", "model.activation", "relu", Doubled()),),
    seeds=2,
)
'''

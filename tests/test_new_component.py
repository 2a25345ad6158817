"""One class is all that a new component takes."""

import inspect
import json
from collections.abc import Callable, Iterator
from typing import Annotated, Literal

import pytest
import torch
from pydantic import Field
from torch import Tensor, nn
from typer.testing import CliRunner

from cifar_models.activations import Activation
from cifar_models.architectures import ImageShape
from cifar_models.component import forget, registry
from cifar_models.ranges import Range
from cifar_models.recipe import Recipe
from cifar_models.training import build_classifier
from search_spaces.bases import SMALL_CNN
from search_spaces.designs import OneFactor
from search_spaces.factors import factor
from search_spaces.space import choice, sample, tuned
from sweeps.__main__ import app
from tests.cifar_models import test_contract
from tests.search_spaces.fake import Scripted


@pytest.fixture
def snake() -> Iterator[type[Activation]]:
    class Snake(Activation):
        """x + sin(a x)^2 / a.

        Source: Ziyin et al. 2020 (arXiv:2006.08195), equation 3.
        """

        name: Literal["snake"] = "snake"
        a: Annotated[float, Field(gt=0), Range(0.5, 5.0)] = 1.0

        def build(self) -> nn.Module:
            return _Snake(self.a)

    yield Snake
    forget(Snake.__module__)
    assert "snake" not in registry("activation")


class _Snake(nn.Module):
    def __init__(self, a: float) -> None:
        super().__init__()
        self.a = a

    def forward(self, inputs: Tensor) -> Tensor:
        return inputs + (self.a * inputs).sin() ** 2 / self.a


def test_it_appears_everywhere(snake: type[Activation]) -> None:
    assert registry("activation")["snake"] is snake

    recipe = SMALL_CNN.replace({"model.activation": {"name": "snake", "a": 2}})
    assert Recipe.from_yaml(recipe.to_yaml()) == recipe
    classifier = build_classifier(recipe, ImageShape(3, 32, 32, 10))
    assert any(isinstance(module, _Snake) for module in classifier.modules())
    assert classifier(torch.zeros(2, 3, 32, 32, dtype=torch.uint8)).shape == (2, 10)

    with pytest.raises(ValueError, match=r"model\.activation\.a: .* greater than 0"):
        SMALL_CNN.replace({"model.activation": {"name": "snake", "a": 0}})
    with pytest.raises(ValueError, match="did you mean 'snake'"):
        SMALL_CNN.replace({"model.activation": "snaek"})

    assert "snake" in str(Recipe.json_schema()["$defs"]["activation"])
    assert OneFactor().arms(SMALL_CNN, (factor("activation", "model.activation", "snake"),))

    space = {"model.activation": choice(*registry("activation"), tuned=tuned(snake(), "a"))}
    trial = Scripted({"model.activation": "tuned"})
    assert sample(space, trial)["model.activation"] == {"name": "snake", "a": 0.5}
    assert "snake" in trial.asked["model.activation"]
    assert trial.asked["model.activation.tuned.a"] == (0.5, 5.0, False)


@pytest.mark.usefixtures("snake")
def test_it_is_listed() -> None:
    result = CliRunner().invoke(app, ["list", "activations", "--json"])
    assert result.exit_code == 0, result.output
    (row,) = (row for row in json.loads(result.stdout) if row["name"] == "snake")
    assert row["about"] == "x + sin(a x)^2 / a."
    assert row["parameters"] == {"a": "1.0 [0.5, 5]"}


CONTRACT = [
    check
    for name, check in vars(test_contract).items()
    if name.startswith("test_") and "choice" in inspect.signature(check).parameters
]


@pytest.mark.parametrize("check", CONTRACT, ids=lambda check: check.__name__)
def test_it_keeps_the_contract(
    snake: type[Activation], check: Callable[[type[Activation]], None]
) -> None:
    check(snake)


def test_the_contract_was_found() -> None:
    assert len(CONTRACT) >= 10


def test_it_is_gone_afterwards() -> None:
    with pytest.raises(ValueError, match="unknown activation 'snake'"):
        SMALL_CNN.replace({"model.activation": "snake"})

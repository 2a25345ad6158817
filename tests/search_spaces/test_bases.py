import pytest

from cifar_models.architectures import ImageShape
from cifar_models.recipe import Recipe
from cifar_models.training import check
from search_spaces import bases
from search_spaces.bases import SPEEDRUN, SPEEDRUN_MUON

RECIPES = {name: value for name, value in vars(bases).items() if isinstance(value, Recipe)}


@pytest.mark.parametrize("name", RECIPES)
def test_every_base_can_be_trained_and_written(name: str) -> None:
    recipe = RECIPES[name]
    assert check(recipe, ImageShape(3, 32, 32, 10), 45_000) > 0
    assert Recipe.from_yaml(recipe.to_yaml()) == recipe


def test_rates_of_the_speedrun_are_those_of_its_source() -> None:
    """It steps against a sum over 1,024 images with rates over ``1024 * (1 + 1 / 0.15)``."""
    per_image = 11.5 / (1024 * (1 + 1 / (1 - 0.85)))
    sgd = SPEEDRUN.to_plain()["optimizer"]["optimizer"]
    assert sgd["lr"] == pytest.approx(per_image * SPEEDRUN.batch_size, rel=0.03)
    assert sgd["weight_decay"] == pytest.approx(0.0153 / 11.5, rel=0.01)


def test_rates_of_its_form_with_muon_are_those_of_its_source() -> None:
    """Its head divides by 256 instead of 9, its batches hold 2,000 images."""
    sgd = SPEEDRUN_MUON.to_plain()["optimizer"]["sgd"]
    assert sgd["lr"] == pytest.approx(0.67 * (9 / 256) ** 2 * 2000, rel=0.01)
    assert sgd["lr"] * sgd["norm_bias_rate"] == pytest.approx(0.053 * 2000, rel=0.01)
    assert sgd["weight_decay"] * sgd["lr"] == pytest.approx(2e-6 * 2000, rel=0.01)

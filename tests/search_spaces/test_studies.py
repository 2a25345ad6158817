import importlib
import pkgutil

import pytest

from cifar_models.architectures import ImageShape
from cifar_models.training import check
from search_spaces import studies
from search_spaces.loading import built_in, load_study, study_names
from search_spaces.study import Study

SHAPE = ImageShape(3, 32, 32, 10)


@pytest.mark.parametrize("name", study_names())
def test_every_study_holds_what_its_file_promises(name: str) -> None:
    study, _ = load_study(name)
    assert study.name == name
    assert study.question.endswith("?")
    assert Study.model_validate(study.model_dump(mode="json")) == study


@pytest.mark.parametrize("name", study_names())
def test_every_arm_can_be_trained_and_is_another(name: str) -> None:
    study, _ = load_study(name)
    for factor in {arm.factor for arm in study.arms()}:
        arms = [arm for arm in study.arms() if arm.factor == factor]
        assert len({arm.recipe.signature for arm in arms}) == len(arms)
        assert sum(arm.baseline for arm in arms) == 1
    for arm in study.arms():
        assert check(arm.recipe, SHAPE, 5000) > 0


def test_every_file_of_the_folder_holds_studies() -> None:
    found: list[Study] = []
    for file in pkgutil.iter_modules(studies.__path__):
        module = importlib.import_module(f"{studies.__name__}.{file.name}")
        assert module.__doc__
        if not file.name.startswith("report"):
            assert module.STUDY.name == file.name
        found += getattr(module, "STUDIES", None) or [module.STUDY]
    assert sorted(study.name for study in found) == list(study_names())


def test_ablations_share_their_baseline() -> None:
    bases = {
        load_study(name)[0].base for name in ("activations", "losses", "batch_norm", "augmentation")
    }
    assert len({base.signature for base in bases}) == 1


def test_every_component_that_a_report_names_is_varied_in_a_study_of_it() -> None:
    recipes = [
        arm.recipe
        for study in built_in().values()
        if study.reruns and study.factors
        for arm in study.arms()
    ]
    phases = [phase for recipe in recipes for phase in recipe.phases]
    models = [recipe.model.model_dump(mode="json") for recipe in recipes]
    activations = {model["activation"]["name"] for model in models if "activation" in model}
    assert activations >= {"relu", "tanh", "sigmoid", "elu", "celu", "leaky_relu", "prelu", "mish"}
    losses = {recipe.loss.name for recipe in recipes}
    assert losses >= {"cross_entropy", "multi_margin", "label_smoothing_others"}
    optimizers = {phase.optimizer.name for phase in phases}
    assert optimizers >= {"adam", "sgd", "rmsprop", "adadelta", "ranger", "ranger21"}
    schedules = {phase.schedule.name for phase in phases}
    assert schedules >= {"constant", "step", "linear", "exponential", "one_cycle"}
    assert schedules >= {"cosine", "cosine_restarts"}

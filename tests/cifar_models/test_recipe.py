import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from cifar_models.architectures import LeNet5, ResNet18
from cifar_models.optimizers import SGD, Adam
from cifar_models.recipe import Recipe, assign, plain, read_text
from tests.cifar_models.small import RECIPE, write

SHORT: dict[str, Any] = {
    "dataset": "cifar10",
    "model": "resnet18",
    "epochs": 5,
    "optimizer": {"name": "sgd", "lr": 0.1},
}


def test_one_phase_may_be_written_at_the_top() -> None:
    phase = {key: SHORT[key] for key in ("epochs", "optimizer")}
    rest = {key: SHORT[key] for key in ("dataset", "model")}
    assert Recipe.parse(SHORT) == Recipe.parse(rest | {"phases": [phase]})


def test_a_recipe_without_phases_is_refused() -> None:
    cases: list[dict[str, Any]] = [{}, {"phases": []}]
    for phases in cases:
        rest = {key: SHORT[key] for key in ("dataset", "model")}
        with pytest.raises(ValueError, match=r"phases|at least one phase"):
            Recipe.parse(rest | phases)


def test_phases_and_shorthand_together_are_refused() -> None:
    with pytest.raises(ValueError, match="give either phases or epochs, optimizer at the top"):
        Recipe.parse(SHORT | {"phases": [{"epochs": 5, "optimizer": "sgd"}]})


@pytest.mark.parametrize("recipe", [RECIPE, Recipe.parse(SHORT)])
def test_a_recipe_survives_yaml_and_json(recipe: Recipe) -> None:
    assert Recipe.from_yaml(recipe.to_yaml()) == recipe
    assert Recipe.parse(json.loads(recipe.canonical())) == recipe
    assert Recipe.parse(recipe.to_plain()).signature == recipe.signature


def test_yaml_reads_exponents_without_a_point_and_passes_over_provenance() -> None:
    text = (
        "dataset: cifar10\nmodel: lenet5\nepochs: 1\noptimizer: {name: adam, lr: 1e-3}\n"
        "provenance: {seed: 3}"
    )
    assert Recipe.from_yaml(text).phases[0].optimizer == Adam(lr=0.001)


def test_the_signature_is_of_the_content_alone() -> None:
    explicit = Recipe.parse(SHORT | {"model": ResNet18(width=64).model_dump(), "batch_size": 128})
    assert explicit.signature == Recipe.parse(SHORT).signature
    assert Recipe.parse(SHORT | {"batch_size": 64}).signature != explicit.signature


def test_the_signature_is_the_same_in_another_process() -> None:
    code = (
        "import sys; from cifar_models.recipe import Recipe;"
        "print(Recipe.from_yaml(sys.stdin.read()).signature)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        input=RECIPE.to_yaml(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.strip() == RECIPE.signature


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"optimizer": "sdg"}, "0.optimizer: unknown optimizer 'sdg': did you mean 'sgd'"),
        ({"optimizer": {"name": "sgd", "lr": -1}}, "0.optimizer.lr: .* greater than 0, got -1$"),
        ({"optimizer": {"name": "sgd", "lr": float("nan")}}, "0.optimizer.lr: .* got nan$"),
        ({"epochs": 0}, "phases.0.epochs: .* greater than 0, got 0"),
        ({"batchsize": 3}, "unknown key 'batchsize': did you mean 'batch_size'"),
        ({"model": {"name": "resnet18", "with": 3}}, "model: unknown key 'with': .* 'width'"),
        ({"model": 3}, "model: architecture wants a name, or a mapping with one, not 3"),
        ({"model": {"name": "lenet5", "activation": "rleu"}}, "model.activation: .* mean 'relu'"),
        ({"model": {"name": "resnet18", "width": 0}}, "model.width: .* greater than 0, got 0$"),
        ({"precision": "fp8"}, "precision: .*'fp32'"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_in_one_sentence(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence) as caught:
        Recipe.parse(SHORT | changes)
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith("not a valid recipe: ")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("!!python/object/apply:os.system ['true']", "not safe YAML: could not determine"),
        ("a: [", "not safe YAML"),
        ("just words", "a recipe is a YAML mapping"),
        ("", "a recipe is a YAML mapping"),
    ],
)
def test_text_that_is_no_recipe_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence) as caught:
        Recipe.from_yaml(text)
    assert "\n" not in str(caught.value)


def test_a_file_that_cannot_be_read_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"cannot read .*none.yaml: No such file"):
        read_text(tmp_path / "none.yaml")
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ValueError, match="is no UTF-8 text"):
        read_text(tmp_path / "binary.yaml")
    assert Recipe.from_yaml(read_text(write(tmp_path / "r.yaml", RECIPE.to_yaml()))) == RECIPE


def test_replace_changes_paths_and_nothing_else() -> None:
    base = Recipe.parse(SHORT)
    changed = base.replace({"optimizer.lr": 0.3, "model.activation": "mish", "batch_size": 64})
    expected = base.to_plain()
    expected["optimizer"]["lr"], expected["batch_size"] = 0.3, 64
    expected["model"]["activation"] = {"name": "mish"}
    assert changed.to_plain() == expected
    assert base == Recipe.parse(SHORT)


def test_replacing_a_component_by_name_takes_its_defaults() -> None:
    changed = Recipe.parse(SHORT).replace({"optimizer": "sgd", "model": LeNet5()})
    assert changed.phases[0].optimizer == SGD()
    assert changed.model == LeNet5()


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("model.widht", "did you mean 'width'"),
        ("models.width", "the recipe has no 'models.width' .stopped at 'models'"),
        ("batch_size.x", "the recipe has no 'batch_size.x'"),
        ("augmentation.0", "the recipe has no 'augmentation.0'"),
        ("phases.x.epochs", "the recipe has no 'phases.x.epochs'"),
    ],
)
def test_a_path_that_leads_nowhere_is_refused(path: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        Recipe.parse(SHORT).replace({path: 3})


def test_the_phase_must_be_named_when_there_are_several() -> None:
    with pytest.raises(ValueError, match=r"2 phases; say phases\.0\.optimizer\.lr"):
        RECIPE.replace({"optimizer.lr": 1})
    changed = RECIPE.replace({"phases.1.optimizer.lr": 1}).phases[1].optimizer
    assert changed.model_dump()["lr"] == 1


@pytest.mark.parametrize(
    ("planned", "epochs", "expected"),
    [
        ([10], 3, [3]),
        ([75, 75], 10, [5, 5]),
        ([2, 1], 30, [20, 10]),
        ([1, 100], 2, [1, 1]),
        ([100, 1], 2, [1, 1]),
        ([100, 1, 100], 6, [3, 1, 2]),
    ],
)
def test_phases_keep_their_proportions(
    planned: list[int], epochs: int, expected: list[int]
) -> None:
    phases = [{"epochs": n, "optimizer": "sgd"} for n in planned]
    recipe = Recipe.parse({"dataset": "shapes", "model": "lenet5", "phases": phases})
    assert [phase.epochs for phase in recipe.with_epochs(epochs).phases] == expected


def test_every_phase_needs_an_epoch() -> None:
    with pytest.raises(ValueError, match="epochs must be at least 2, got 1"):
        RECIPE.with_epochs(1)


def test_assign_and_plain_take_components_at_any_depth() -> None:
    data: dict[str, Any] = {"a": [{"b": 1}]}
    assign(data, "a.0.b", {"deep": (SGD(lr=0.2),)})
    assert data["a"][0]["b"]["deep"][0]["lr"] == 0.2
    assert yaml.safe_load(yaml.safe_dump(plain(data))) == data


def test_the_json_schema_takes_what_the_recipe_takes() -> None:
    jsonschema = pytest.importorskip("jsonschema")
    schema = Recipe.json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    for recipe in (RECIPE, Recipe.parse(SHORT)):
        for data in (recipe.to_plain(), recipe.model_dump(mode="json")):
            assert not list(validator.iter_errors(data))
    assert validator.is_valid(SHORT | {"provenance": {"seed": 1}})
    wrong: dict[str, Any]
    for wrong in ({"optimizer": "sdg"}, {"epochs": 0}, {"batchsize": 1}, {"phases": []}):
        assert not validator.is_valid(SHORT | wrong)

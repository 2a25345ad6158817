import json

import pytest

from cifar_models.component import kinds, registry
from search_spaces.loading import study_names
from tests.sweeps.commands.command_line import call


def test_all_registered_choices_and_studies_are_listed() -> None:
    rows = json.loads(call("list", "--json").stdout)
    listed = {(row["kind"], row["name"]) for row in rows}
    assert listed == {(kind, name) for kind in kinds() for name in registry(kind)} | {
        ("study", name) for name in study_names()
    }
    assert all(row["about"] for row in rows)


def test_the_lists_for_people_hold_every_name() -> None:
    output = call("list").stdout
    for kind in kinds():
        for name in registry(kind):
            assert name in output, (kind, name)
    assert all(name in output for name in study_names())


@pytest.mark.parametrize("word", ["activation", "activations"])
def test_one_kind_as_json_with_its_parameters(word: str) -> None:
    rows = json.loads(call("list", word, "--json").stdout)
    assert {row["name"] for row in rows} == set(registry("activation"))
    assert {row["kind"] for row in rows} == {"activation"}
    assert next(r for r in rows if r["name"] == "leaky_relu")["parameters"]


def test_architectures_come_with_the_number_of_their_parameters() -> None:
    rows = {row["name"]: row for row in json.loads(call("list", "architectures", "--json").stdout)}
    assert set(rows) == set(registry("architecture"))
    assert rows["lenet5"]["parameter_count"] == 62_006
    assert rows["resnet18"]["parameter_count"] == 11_173_962
    assert rows["resnet18"]["other_counts"]["shortcut False"] == 11_000_138
    assert rows["vgg_a"]["other_counts"]["norm batch"] == 9_756_426
    assert rows["vgg_38"]["other_counts"]["100 classes"] == 338_500
    assert rows["vgg_38"]["other_counts"]["norm none, 100 classes"] == 336_196
    text = " ".join(call("list", "architectures").stdout.split())
    assert "62,006 parameters for 32x32 images of 10 classes" in text
    assert "9,756,426 with norm batch" in text


@pytest.mark.parametrize("kind", ["loss", "losses", "study", "studies", "dataset", "metrics"])
def test_singular_and_plural_are_understood(kind: str) -> None:
    result = call("list", kind)
    assert result.exit_code == 0
    assert result.stdout.strip()


def test_an_unknown_kind_is_a_sentence() -> None:
    result = call("list", "optimiser")
    assert result.exit_code == 2
    assert result.stderr.startswith("error: unknown kind 'optimiser': ")
    assert "optimizer" in result.stderr

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

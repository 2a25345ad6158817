from pathlib import Path

import pytest

from cifar_models.numerics import Numerics
from cifar_models.provenance import Provenance, read_recipe
from tests.cifar_models.small import RECIPE, write


def test_a_plain_recipe_has_an_empty_provenance(tmp_path: Path) -> None:
    recipe, provenance = read_recipe(write(tmp_path / "r.yaml", RECIPE.to_yaml()))
    assert recipe == RECIPE
    assert provenance == Provenance()


def test_provenance_is_read_and_what_is_not_needed_kept(tmp_path: Path) -> None:
    text = (
        RECIPE.to_yaml()
        + "provenance: {seed: 3, numerics: {threads: 2}, run: abc, selection: best,"
        + " metrics: {validation/accuracy: 0.5}, data: f00}"
    )
    recipe, provenance = read_recipe(write(tmp_path / "r.yaml", text))
    assert recipe == RECIPE
    assert provenance.numerics == Numerics(threads=2)
    assert (provenance.seed, provenance.selection, provenance.data) == (3, "best", "f00")
    assert provenance.metrics == {"validation/accuracy": 0.5}
    assert provenance.model_extra == {"run": "abc"}


@pytest.mark.parametrize(
    ("block", "sentence"),
    [
        ("{seed: -1}", "seed: .* greater than or equal to 0, got -1"),
        ("{numerics: {thread: 1}}", "numerics: unknown key 'thread'"),
        ("{selection: first}", "selection: "),
        ("3", "valid dictionary"),
    ],
)
def test_a_wrong_provenance_is_a_sentence(block: str, sentence: str, tmp_path: Path) -> None:
    path = write(tmp_path / "r.yaml", f"{RECIPE.to_yaml()}provenance: {block}")
    with pytest.raises(ValueError, match=f"not a valid provenance: .*{sentence}") as caught:
        read_recipe(path)
    assert "\n" not in str(caught.value)

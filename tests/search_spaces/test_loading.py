import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cifar_models.activations import ReLU
from cifar_models.architectures import ImageShape
from cifar_models.component import forget, kinds, registry
from cifar_models.recipe import Recipe
from cifar_models.source_file import USER_MODULE, SourceFile, load_source
from cifar_models.training import check
from search_spaces.loading import load_study, study_names

OWN = '''
"""A study with an architecture and an activation of its own."""
from typing import Literal

import torch
from torch import nn

from cifar_models.activations import Activation
from cifar_models.architectures import Architecture, ImageShape
from search_spaces import Study, factor
from search_spaces.bases import TINY_CNN


class Sine(Activation):
    """sin(x). Source: this test."""

    name: Literal["own_sine"] = "own_sine"

    def build(self) -> nn.Module:
        return SineModule()


class SineModule(nn.Module):
    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        return inputs.sin()


class Flat(Architecture):
    """One hidden layer. Source: this test."""

    name: Literal["own_flat"] = "own_flat"
    activation: Activation = Sine()
    width: int = 8

    def build(self, shape: ImageShape) -> nn.Module:
        pixels = shape.channels * shape.height * shape.width
        return nn.Sequential(
            nn.Flatten(),
            nn.Linear(pixels, self.width),
            self.activation.build(),
            nn.Linear(self.width, shape.num_classes),
        )


STUDY = Study(
    name="own",
    question="Does it work?",
    base=TINY_CNN.replace({"model": Flat()}),
    factors=(factor("activation", "model.activation", "own_sine", "relu"),),
)
'''


def registered() -> dict[str, set[str]]:
    return {kind: set(registry(kind)) for kind in kinds()}


def user_modules() -> set[str]:
    return {name for name in sys.modules if name.startswith(USER_MODULE)}


@pytest.fixture(autouse=True)
def _leave_nothing() -> Iterator[None]:
    before = registered()
    yield
    for name in user_modules():
        forget(name)
        del sys.modules[name]
    assert registered() == before


def written(folder: Path, text: str, name: str = "mine.py") -> str:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_a_study_of_ours_is_found_by_name() -> None:
    study, sources = load_study("activations")
    assert study.name == "activations"
    assert sources == ()
    with pytest.raises(ValueError, match="unknown study 'activation': did you mean 'activations'"):
        load_study("activation")
    assert "quickstart" in study_names()


def test_a_users_file_brings_components_of_its_own(tmp_path: Path) -> None:
    study, (source,) = load_study(written(tmp_path, OWN))
    assert [arm.level for arm in study.arms()] == ["own_sine", "relu"]
    assert source == SourceFile("mine.py", OWN)
    assert check(study.base, ImageShape(3, 4, 4, 10), 1000) == 48 * 8 + 8 + 8 * 10 + 10
    assert Recipe.from_yaml(study.base.to_yaml()) == study.base


def test_a_worker_loads_the_same_from_the_text_alone(tmp_path: Path) -> None:
    study, (source,) = load_study(written(tmp_path, OWN))
    plain = study.base.model_dump(mode="json")
    for name in user_modules():  # as in another process
        forget(name)
        del sys.modules[name]
    with pytest.raises(ValueError, match="unknown architecture 'own_flat'"):
        Recipe.parse(plain)
    load_source(source)
    assert Recipe.parse(plain).signature == study.base.signature


def test_a_file_is_executed_once_in_a_process(tmp_path: Path) -> None:
    path = written(tmp_path, OWN)
    assert type(load_study(path)[0].base.model) is type(load_study(path)[0].base.model)
    assert len(user_modules()) == 1


def test_an_edited_file_takes_the_place_of_its_older_self(tmp_path: Path) -> None:
    load_study(written(tmp_path, OWN))
    study, _ = load_study(written(tmp_path, OWN.replace("width: int = 8", "width: int = 16")))
    assert study.base.to_plain()["model"]["width"] == 16
    assert len(user_modules()) == 1


SAME_NAME = OWN.replace('"own_sine"', '"relu"')


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("STUDY = Study(", r"mine.py is no Python: '\(' was never closed \(line 1\)"),
        ("question: what?\n", r"mine.py is no Python: invalid syntax \(line 1\)"),
        ("x = 1\n\nimport no_such_module\n", r"mine.py fails \(line 3\): ModuleNotFoundError: .*"
         "a study file travels to workers alone"),
        ("x = 1\n1 / 0\n", r"mine.py fails \(line 2\): ZeroDivisionError: division by zero"),
        ("raise SystemExit(3)", r"mine.py fails \(line 1\): SystemExit: 3"),
        ("x = 1\n", r"mine.py defines no study: it needs `STUDY = Study\(...\)`"),
        ("STUDY = 3\n", "defines no study"),
        (OWN.replace('"own_sine", "relu"', '"own_sin"'),
         "mine.py fails .line 4.*: .* level own_sin: .* did you mean 'own_sine'"),
        (OWN.replace("name=", "nmae="), "unknown key 'nmae': did you mean 'name'"),
        (SAME_NAME, "two activation components are named 'relu': cifar_models.activations.ReLU"),
    ],
)  # fmt: skip
def test_a_file_that_fails_is_one_sentence_and_leaves_nothing(
    text: str, words: str, tmp_path: Path
) -> None:
    before = registered()
    with pytest.raises(ValueError, match=words) as caught:
        load_study(written(tmp_path, text))
    assert "\n" not in str(caught.value)
    assert registry("activation")["relu"] is ReLU
    if "defines no study" not in words:
        assert registered() == before
        assert user_modules() == set()


def test_two_files_that_claim_one_name_are_told_apart(tmp_path: Path) -> None:
    load_study(written(tmp_path, OWN))
    with pytest.raises(ValueError, match="two activation components are named 'own_sine'"):
        load_study(written(tmp_path, OWN + "\n", "other.py"))
    assert len(user_modules()) == 1


def test_a_file_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"cannot read .*none.py: No such file or directory"):
        load_study(str(tmp_path / "none.py"))
    (tmp_path / "folder.py").mkdir()
    with pytest.raises(ValueError, match=r"cannot read .*folder.py: Is a directory"):
        load_study(str(tmp_path / "folder.py"))

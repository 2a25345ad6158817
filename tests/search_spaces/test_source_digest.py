import sys
from collections.abc import Iterator

import pytest

from cifar_models.component import forget
from cifar_models.source_file import USER_MODULE, SourceFile, load_source
from search_spaces.bases import SMALL_CNN
from search_spaces.source_digest import foreign_components, source_digest

FILE = '''
"""An activation with a helper."""
from typing import Literal
from torch import nn
from cifar_models.activations import Activation, ReLU
from cifar_models.architectures import LeNet5
from search_spaces.bases import SMALL_CNN

SLOPE = 0.5
try:
    import no_such_module
except ImportError:
    no_such_module = None


def helper():
    """Explain."""
    # a reason
    return nn.LeakyReLU(SLOPE)


def unrelated():
    return 1


class Own(Activation):
    """Own. Source: this test."""

    name: Literal["own_digest"] = "own_digest"
    strength: float = 1.0
    """How much."""

    def build(self) -> nn.Module:
        return helper() if no_such_module is None else ReLU().build()


STUDY = SMALL_CNN.replace({"model": LeNet5(activation=Own())})
'''


@pytest.fixture(autouse=True)
def _leave_nothing() -> Iterator[None]:
    yield
    for name in [name for name in sys.modules if name.startswith(USER_MODULE)]:
        forget(name)
        del sys.modules[name]


def digest(text: str = FILE) -> str:
    module = load_source(SourceFile("mine.py", text))
    return source_digest(module.STUDY)


def edited(old: str, new: str) -> str:
    assert FILE.count(old) == 1
    return digest(FILE.replace(old, new))


def test_our_own_components_have_no_digest() -> None:
    assert list(foreign_components(SMALL_CNN)) == []
    assert source_digest(SMALL_CNN) == ""


def test_a_foreign_component_is_found_at_any_depth() -> None:
    recipe = load_source(SourceFile("mine.py", FILE)).STUDY
    assert [component.__name__ for component in foreign_components(recipe)] == ["Own"]
    assert len(source_digest(recipe)) == 16


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("return helper() if", "return ReLU().build() if"),
        ("nn.LeakyReLU(SLOPE)", "nn.LeakyReLU(SLOPE / 2)"),
        ("SLOPE = 0.5", "SLOPE = 0.25"),
        ("SLOPE = 0.5", "SLOPE = 0.5\nSLOPE += 1"),
        ("    no_such_module = None", "    no_such_module = 0"),
        ("import Activation, ReLU", "import Activation, Mish as ReLU"),
        ("strength: float = 1.0", "strength: float = 2.0"),
    ],
)
def test_what_the_class_reaches_changes_the_digest(old: str, new: str) -> None:
    before = digest()
    assert edited(old, new) != before


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("# a reason", "# a better reason"),
        ('"""Explain."""', '"""Explain well."""'),
        ('"""How much."""', '"""How strong."""'),
        ('"""Own. Source: this test."""', '"""Own, better told. Source: this test."""'),
        ("    return 1", "    return 2"),
        ("STUDY = SMALL_CNN.replace({", 'STUDY = SMALL_CNN.replace({"batch_size": 32, '),
        ("SLOPE = 0.5", "\n\nSLOPE   =   0.5"),
    ],
)
def test_what_changes_no_training_does_not(old: str, new: str) -> None:
    before = digest()
    assert edited(old, new) == before

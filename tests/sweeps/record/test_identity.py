import json
from pathlib import Path

import pytest

from cifar_models.numerics import Numerics
from cifar_models.training import ENGINE_VERSION
from search_spaces.loading import load_study
from sweeps.record import identity
from sweeps.record.identity import TrialSpec
from tests.sweeps.record.small import RECIPE, spec

STUDY_FILE = '''
from typing import Literal
from torch import nn
from cifar_models.activations import Activation
from search_spaces import Study, factor
from search_spaces.bases import TINY_CNN

class Doubled(Activation):
    """Twice a ReLU.

    Source: nowhere.
    """

    name: Literal["doubled"] = "doubled"

    def build(self) -> nn.Module:
        return nn.Sequential(nn.ReLU(), {body})

STUDY = Study(name="own", question="?", base=TINY_CNN,
              factors=(factor("activation", "model.activation", "relu", "doubled"),))
'''


def test_equal_content_has_an_equal_id() -> None:
    first = spec(3)
    again = TrialSpec.from_json(json.loads(json.dumps(first.to_json())))
    assert again == first
    assert again.id == first.id
    assert len(first.id) == 16
    assert int(first.id, 16) >= 0


def test_every_ingredient_changes_the_id(monkeypatch: pytest.MonkeyPatch) -> None:
    specs = [
        spec(),
        spec(seed=1),
        spec(batch_size=10),
        TrialSpec(RECIPE, 0, Numerics(threads=2), "f" * 16),
        TrialSpec(RECIPE, 0, Numerics(), "e" * 16),
    ]
    names = {trial.id for trial in specs}
    monkeypatch.setattr(identity, "ENGINE_VERSION", ENGINE_VERSION + 1)
    names.add(spec().id)
    assert len(names) == len(specs) + 1


@pytest.mark.usefixtures("unloaded_studies")
def test_the_source_of_a_foreign_component_is_part_of_the_id(tmp_path: Path) -> None:
    def ids(body: str) -> list[str]:
        file = tmp_path / "own.py"
        file.write_text(STUDY_FILE.replace("{body}", body), encoding="utf-8")
        study, _ = load_study(str(file))
        return [TrialSpec(arm.recipe, 0, Numerics(), "f" * 16).id for arm in study.arms()]

    first = ids("nn.Identity()")
    assert ids("nn.Identity(  # unchanged\n)") == first
    ours, foreign = ids("nn.Hardtanh()")
    assert ours == first[0]
    assert foreign != first[1]


def test_a_spec_of_an_unknown_component_is_a_sentence() -> None:
    data = spec().to_json()
    data["recipe"]["model"]["name"] = "gone"
    with pytest.raises(ValueError, match="unknown architecture 'gone'"):
        TrialSpec.from_json(data)

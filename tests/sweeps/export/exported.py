"""An exported recipe with the checkpoint of its trial, of one short training."""

from pathlib import Path

import yaml

from cifar_models import checkpoint as checkpoints
from cifar_models.numerics import Numerics
from cifar_models.splits import partition
from cifar_models.training import train
from sweeps.record.places import checkpoint_url
from tests.sweeps.record.small import RECIPE


def exported(folder: Path, run_id: str = "none") -> Path:
    """Train the small recipe, and return its file; its checkpoint lies in the same folder."""
    data = RECIPE.dataset.build(None)
    parts = partition(data, RECIPE.split)
    training = train(RECIPE, 0, parts.train, parts.validation, Numerics(), len(data.classes))
    for _ in training:
        pass
    checkpoints.save(training.checkpoint(), checkpoint_url(str(folder), "abc"))
    provenance = {"seed": 0, "trial": "abc", "selection": "best", "run_id": run_id}
    recipe = folder / "best.yaml"
    recipe.write_text(yaml.safe_dump(RECIPE.to_plain() | {"provenance": provenance}))
    return recipe

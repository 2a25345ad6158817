"""A study whose first seed diagnostics looked at, made without training anything."""

from pathlib import Path

from cifar_models.checkpoint import Checkpoint, save
from cifar_models.diagnostics import GradientFlow, Sharpness
from sweeps.record.diagnosed import told
from sweeps.record.journal import Journal
from sweeps.record.places import checkpoint_url
from tests.sweeps.record.recorded import STUDY, cells, finish, mirror
from tests.sweeps.record.small import FACTS, open_runs

LOOKING = (GradientFlow(), Sharpness())
LOOKED = STUDY.replace(seeds=2, diagnostics=LOOKING)
FLOW = {"epoch": [1, 1], "layer": ["a", "b"], "depth": [1, 2], "mean_absolute": [0.5, 0.25]}


def record_looked_at(state: Path, without: str = "") -> None:
    """Record it in a state folder; sharpness gave nothing, nor did a level that is named here."""
    runs, journal, members = open_runs(state), Journal(state), cells(LOOKED)
    keys = [diagnostic.key for diagnostic in LOOKING]
    for cell in members:
        finish(journal, cell, (0.1, 0.2, 0.2 + 0.1 * cell.spec.seed))
        if cell.spec.seed == 0:
            journal.trials[cell.spec.id].facts = {
                **FACTS,
                **told(d.model_dump(mode="json") for d in LOOKING),
            }
            flow = FLOW | ({"mean_absolute": [None, None]} if cell.level == without else {})
            seen = dict(zip(keys, (flow, {}), strict=True))
            checkpoint = Checkpoint("s", 0, 3, {}, {}, {}, [], observations=seen)
            save(checkpoint, checkpoint_url(str(state), cell.spec.id))
    mirror(runs, journal, LOOKED, members, str(state))
    journal.close()

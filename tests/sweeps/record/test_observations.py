"""What diagnostics have seen: from the checkpoint to MLflow, and to frames."""

from pathlib import Path

import pandas as pd
import pytest

from cifar_models.checkpoint import Checkpoint, save
from cifar_models.diagnostics import GradientFlow, Sharpness
from sweeps.record.environment import DIAGNOSED
from sweeps.record.journal import Journal
from sweeps.record.places import checkpoint_url
from sweeps.record.results import load
from sweeps.record.tracking import Tracker
from tests.sweeps.record.recorded import STUDY, cells, finish, mirror
from tests.sweeps.record.small import FACTS, open_runs

LOOKING = (GradientFlow(), Sharpness())
LOOKED = STUDY.replace(seeds=2, diagnostics=LOOKING)
FLOW = {"epoch": [1, 2], "layer": ["head", "head"], "depth": [1, 1], "mean_absolute": [0.5, 0.25]}


@pytest.fixture
def recorded(state: Path) -> str:
    """A study whose first seed was looked at; sharpness gave nothing."""
    runs, journal = open_runs(state), Journal(state)
    keys = [diagnostic.key for diagnostic in LOOKING]
    members = cells(LOOKED)
    for cell in members:
        finish(journal, cell, (0.1, 0.2))
        if cell.spec.seed == 0:
            journal.trials[cell.spec.id].facts = {**FACTS, DIAGNOSED: ",".join(keys)}
            seen = dict(zip(keys, (FLOW, {}), strict=True))
            save(_checkpoint(seen), checkpoint_url(str(state), cell.spec.id))
    mirror(runs, journal, LOOKED, members, str(state))
    journal.close()
    return runs.uri


def _checkpoint(seen: dict[str, dict[str, list[object]]]) -> Checkpoint:
    return Checkpoint("s", 0, 2, {}, {}, {}, [], observations=seen)


def test_they_are_a_tidy_frame_over_all_variants(recorded: str) -> None:
    found = load("small", recorded).observations
    assert list(found) == ["gradient_flow"]
    frame = found["gradient_flow"]
    assert list(frame) == ["factor", "level", "baseline", "seed", "trial", *FLOW]
    assert list(frame["level"].unique()) == ["relu", "tanh", "elu"]
    assert set(frame["seed"]) == {0}
    assert frame["mean_absolute"].tolist() == [0.5, 0.25] * 3
    assert frame.loc[frame["level"] == "relu", "baseline"].all()


def test_each_is_a_parquet_file_of_the_trial_s_run(recorded: str, state: Path) -> None:
    runs = open_runs(state)
    run = runs.trial(cells(LOOKED)[0].spec.id)
    assert run is not None
    file = f"diagnostics/{GradientFlow().key}.parquet"
    listed = [f.path for f in runs.client.list_artifacts(run.info.run_id, "diagnostics")]
    assert file in listed
    kept = pd.read_parquet(runs.client.download_artifacts(run.info.run_id, file))
    assert kept.to_dict("list") == FLOW


def test_a_table_does_not_read_them(recorded: str) -> None:
    assert load("small", recorded, searched=False).observations == {}


def test_a_lost_checkpoint_is_no_outage(state: Path) -> None:
    runs, journal = open_runs(state), Journal(state)
    tracker = Tracker(runs, journal, "small", runs.create_parent("small", "?"), str(state))
    cell = cells()[0]
    finish(journal, cell, (0.1, 0.2))
    journal.trials[cell.spec.id].facts = {**FACTS, DIAGNOSED: GradientFlow().key}
    tracker.changed(cell.spec.id)
    assert tracker.close("FINISHED", 60)
    assert tracker.problem is None
    journal.close()

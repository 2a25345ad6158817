"""What diagnostics have seen: from the checkpoint to MLflow, and to frames."""

from pathlib import Path

import pandas as pd
import pytest

from cifar_models.diagnostics import GradientFlow
from sweeps.record.diagnosed import seen, told
from sweeps.record.journal import Journal
from sweeps.record.recovery import recover
from sweeps.record.results import load
from sweeps.record.tracking import Tracker
from tests.sweeps.record.looked_at import FLOW, LOOKED, record_looked_at
from tests.sweeps.record.recorded import cells, finish
from tests.sweeps.record.small import FACTS, open_runs


@pytest.fixture
def looked_at(state: Path) -> str:
    record_looked_at(state)
    return open_runs(state).uri


def test_they_are_parquet_files_of_runs_and_a_tidy_frame(looked_at: str, state: Path) -> None:
    found = load("small", looked_at).observations
    assert list(found) == ["gradient_flow"]
    frame = found["gradient_flow"]
    assert list(frame) == ["factor", "level", "baseline", "seed", "trial", *FLOW]
    assert list(frame["level"].unique()) == ["relu", "tanh", "elu"]
    assert set(frame["seed"]) == {0}
    assert frame["mean_absolute"].tolist() == [0.5, 0.25] * 3
    assert frame.loc[frame["level"] == "relu", "baseline"].all()

    runs = open_runs(state)
    run = runs.trial(cells(LOOKED)[0].spec.id)
    assert run is not None
    file = f"diagnostics/{GradientFlow().key}.parquet"
    kept = pd.read_parquet(runs.client.download_artifacts(run.info.run_id, file))
    assert kept.to_dict("list") == FLOW
    assert load("small", looked_at, searched=False).observations == {}, "a table does without"


def test_a_new_journal_learns_from_mlflow_what_has_looked(
    looked_at: str, state: Path, tmp_path: Path
) -> None:
    journal = Journal(tmp_path / "new")
    spec = cells(LOOKED)[0].spec
    recover(open_runs(state), journal, spec, "small")
    keys = [diagnostic.key for diagnostic in LOOKED.diagnostics]
    assert list(seen(journal[spec.id].facts)) == sorted(keys)
    journal.close()


def test_a_lost_checkpoint_is_no_outage(state: Path) -> None:
    runs, journal = open_runs(state), Journal(state)
    tracker = Tracker(runs, journal, "small", runs.create_parent("small", "?"), str(state))
    cell = cells()[0]
    finish(journal, cell, (0.1, 0.2))
    journal.trials[cell.spec.id].facts = {**FACTS, **told([GradientFlow().model_dump(mode="json")])}
    tracker.changed(cell.spec.id)
    assert tracker.close("FINISHED", 60)
    assert tracker.problem is None
    journal.close()

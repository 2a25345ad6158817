"""Trials that are taken over from MLflow."""

import time
from pathlib import Path

from sweeps.execution.cost import actual
from sweeps.record.journal import Journal
from sweeps.record.recovery import recover
from tests.sweeps.record.recorded import cells, record_study


def test_what_others_have_trained_is_no_cost_of_this_run(state: Path, tmp_path: Path) -> None:
    runs = record_study(state)
    forecast_made = time.time()
    journal = Journal(tmp_path / "new")
    for cell in cells():
        recover(runs, journal, cell.spec, "small")
    journal.close()
    records = journal.trials.values()
    assert {record.status for record in records} == {"finished"}
    assert actual(records, since=0.0) > 0
    assert actual(records, forecast_made) == 0

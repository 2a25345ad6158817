"""The same operations on every storage."""

from pathlib import Path

import pytest
from optuna.storages import BaseStorage, InMemoryStorage
from optuna.trial import TrialState

from benchmarks.storage import EPOCHS, search, study_in
from sweeps.execution.suggestions import open_suggestions


@pytest.mark.parametrize("kind", ["memory", "file"])
def test_a_window_asks_reports_and_tells(kind: str, tmp_path: Path) -> None:
    storage: BaseStorage = (
        InMemoryStorage() if kind == "memory" else open_suggestions(str(tmp_path / "log.jsonl"))
    )
    study = study_in(storage)
    assert search(study, 3) == 3
    trials = study.get_trials()
    assert [trial.state for trial in trials] == [TrialState.COMPLETE] * 3
    assert all(len(trial.intermediate_values) == EPOCHS for trial in trials)
    assert all("trial" in trial.user_attrs for trial in trials)

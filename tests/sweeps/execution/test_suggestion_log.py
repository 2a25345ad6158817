"""Optuna's searches in a file of lines: whole after a crash, and readable by others."""

import warnings
from pathlib import Path

import optuna
import pytest
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import TrialState

from sweeps.execution.suggestion_log import SuggestionLog
from sweeps.execution.suggestions import open_suggestions
from sweeps.record.journal import Unwritable


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "optuna.jsonl"


def search(path: Path) -> optuna.Study:
    storage = open_suggestions(str(path))
    return optuna.create_study(storage=storage, study_name="s", load_if_exists=True)


def told(path: Path, trials: int) -> optuna.Study:
    study = search(path)
    for number in range(trials):
        trial = study.ask()
        trial.suggest_float("lr", 1e-3, 1.0, log=True)
        trial.suggest_categorical("model", ["a", "b"])
        trial.set_user_attr("trial", f"t{number}")
        trial.report(0.5, 1)
        with warnings.catch_warnings():  # experimental
            warnings.simplefilter("ignore")
            trial.set_constraint("trainable", 1.0)
        study.tell(trial, number / 10)
    return study


def test_another_driver_finds_what_the_first_was_told(path: Path) -> None:
    first = told(path, 3)
    running = first.ask()
    running.suggest_float("lr", 1e-3, 1.0, log=True)
    second = search(path).get_trials()
    assert second == first.get_trials()
    assert second[-1].state is TrialState.RUNNING
    assert second[-1].params == running.params
    adopted = optuna.Trial(search(path), second[-1]._trial_id)
    assert adopted.suggest_float("lr", 1e-3, 1.0, log=True) == running.params["lr"]


def test_a_line_torn_by_a_crash_is_cut_off(path: Path) -> None:
    told(path, 2)
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"op_code":4,"wor')
    reader = open_suggestions(str(path), reading=True)
    assert len(optuna.load_study(study_name="s", storage=reader).get_trials()) == 2
    assert path.read_bytes() != whole  # a reader changes nothing: the writer may be at work
    assert len(search(path).get_trials()) == 2
    assert len(told(path, 1).get_trials()) == 3
    assert len(search(path).get_trials()) == 3


def test_a_running_search_opens_in_optunas_own_storage_as_its_dashboard_has_it(path: Path) -> None:
    ours = told(path, 3)
    ours.ask()
    before = path.read_bytes()
    stock = JournalStorage(JournalFileBackend(str(path)))
    assert optuna.load_study(study_name="s", storage=stock).get_trials() == ours.get_trials()
    assert path.read_bytes() == before
    told(path, 1)  # goes on meanwhile
    assert len(optuna.load_study(study_name="s", storage=stock).get_trials()) == 5


def test_a_deleted_search_begins_anew(path: Path) -> None:
    told(path, 2)
    optuna.delete_study(study_name="s", storage=open_suggestions(str(path)))
    assert search(path).get_trials() == []


def test_a_full_disk_is_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "optuna.jsonl"
    path.symlink_to("/dev/full")
    log = SuggestionLog.__new__(SuggestionLog)
    log._path, log._unread, log._read = path, [], 0
    with pytest.raises(Unwritable, match=r"optuna.jsonl: No space left on device"):
        log.append_logs([{"op": 1}])
    assert list(log.read_logs(0)) == []


def test_what_was_read_is_not_held(path: Path) -> None:
    told(path, 20)
    log = SuggestionLog(path, reading=True)
    lines = len(list(log.read_logs(0)))
    assert lines == path.read_bytes().count(b"\n")
    assert list(log.read_logs(lines)) == []
    assert log._unread == []

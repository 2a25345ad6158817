import os
import time
from collections import Counter
from pathlib import Path

import fsspec
import pytest

from search_spaces.study import SEARCH_SEED
from sweeps.record.cleaning import (
    StoredFile,
    Verdict,
    needless,
    of_study,
    orphans,
    remove,
    stored_files,
)
from sweeps.record.journal import TrialRecord
from tests.sweeps.record.small import spec

TRIAL = "0123456789abcdef"


def files(*trials: str) -> list[StoredFile]:
    return [StoredFile(f"/s/checkpoints/{trial}.pt", 10, trial) for trial in trials]


def trial(status: str, seed: int = 0, *, tested: bool = False) -> TrialRecord:
    record = TrialRecord(TRIAL, spec(seed).to_json(), status=status)
    record.tests = {"last": {"accuracy": 0.5}} if tested else {}
    return record


def of(verdicts: object) -> list[bool]:
    return [verdict.goes for verdict in verdicts]  # type: ignore[attr-defined]


@pytest.mark.parametrize("url", ["{tmp}/runs/checkpoints", "memory://bucket{tmp}/checkpoints"])
def test_files_are_found_and_removed_by_path_or_url(tmp_path: Path, url: str) -> None:
    folder = url.format(tmp=tmp_path)
    assert stored_files(folder) == []
    for name in (f"{TRIAL}.pt", f"{TRIAL}.pt.7.tmp", "notes.txt"):
        with fsspec.open(f"{folder}/{name}", "wb", auto_mkdir=True) as stream:
            stream.write(b"12345")
    found = stored_files(folder)
    assert [(file.url, file.size, file.trial) for file in found] == [
        (f"{folder}/{TRIAL}.pt", 5, TRIAL),
        (f"{folder}/{TRIAL}.pt.7.tmp", 5, TRIAL),
        (f"{folder}/notes.txt", 5, ""),
    ]
    verdicts = [Verdict(file, file.url.endswith(".pt"), "") for file in found]
    remove([*verdicts, *verdicts])  # a second time it is gone already
    assert [file.url for file in stored_files(folder)] == [file.url for file in found[1:]]


def test_a_store_that_does_not_answer_is_a_sentence() -> None:
    with pytest.raises(ValueError, match="cannot list nosuch://bucket"):
        stored_files("nosuch://bucket")


def test_a_file_that_cannot_be_removed_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: str) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("cifar_models.checkpoint.remove", refuse)
    with pytest.raises(ValueError, match="cannot remove /a/b: Permission denied"):
        remove([Verdict(StoredFile("/a/b", 1, ""), True, "")])


def test_only_files_of_no_trial_are_orphans() -> None:
    other = [StoredFile("/s/checkpoints/notes.txt", 10, "")]
    found = list(orphans([*files("a" * 16, "b" * 16), *other], {"a" * 16}.__contains__))
    assert [verdict.file.trial for verdict in found] == ["b" * 16]


def test_a_temporary_file_is_an_orphan_when_its_writer_is_gone(tmp_path: Path) -> None:
    old, new = (tmp_path / f"{TRIAL}.pt.{pid}.tmp" for pid in (1, 2))
    for path in (old, new):
        path.touch()
    os.utime(old, (time.time() - 90, time.time() - 90))
    (found,) = orphans(stored_files(str(tmp_path)), lambda _: False)
    assert found.file.url == str(old)


@pytest.mark.parametrize(
    ("record", "goes"),
    [
        *((trial(status), True) for status in ("stopped", "diverged", "failed", "out_of_memory")),
        *((trial(status), False) for status in ("pending", "running", "interrupted")),
        (trial("finished"), False),
        (trial("finished", tested=True), True),
        (trial("finished", SEARCH_SEED), True),
    ],
    ids=lambda value: value.status if isinstance(value, TrialRecord) else str(value),
)
def test_weights_go_when_nothing_needs_them(record: TrialRecord, goes: bool) -> None:
    assert of(needless(files(TRIAL), {TRIAL: record}, frozenset())) == [goes]


def test_what_a_table_cites_stays() -> None:
    records = {TRIAL: trial("finished", tested=True)}
    (verdict,) = needless(files(TRIAL), records, frozenset({TRIAL}))
    assert (verdict.goes, verdict.why) == (False, "cited by a table")


def test_weights_of_no_record_are_orphans_and_nothing_else() -> None:
    assert list(needless(files(TRIAL), {}, frozenset())) == []


@pytest.mark.parametrize(
    ("record", "goes"),
    [
        *((trial(status), True) for status in ("stopped", "diverged", "failed")),
        *((trial(status), False) for status in ("pending", "running", "interrupted")),
        (trial("finished"), False),
        (trial("finished", tested=True), True),
        (trial("finished", SEARCH_SEED), True),
    ],
    ids=lambda value: value.status if isinstance(value, TrialRecord) else str(value),
)
def test_a_study_keeps_what_it_would_go_on_from(record: TrialRecord, goes: bool) -> None:
    arguments = files(TRIAL), {TRIAL: record}, {TRIAL}, "last"
    assert of(of_study(*arguments, unfinished=False)) == [goes]
    assert of(of_study(*arguments, unfinished=True)) == [True]


def test_an_evaluation_under_another_rule_does_not_do() -> None:
    records = {TRIAL: trial("finished", tested=True)}
    assert of(of_study(files(TRIAL), records, {TRIAL}, "best", unfinished=False)) == [False]


def test_a_study_leaves_the_trials_of_others_alone() -> None:
    found = of_study(files(TRIAL, "a" * 16), {}, {"a" * 16}, "last", unfinished=True)
    assert Counter(verdict.file.trial for verdict in found) == {"a" * 16: 1}

import io
from pathlib import Path

from rich.console import Console

from cifar_models.component import settings_key
from sweeps.execution.progress import Progress
from sweeps.record.diagnosed import told
from sweeps.record.journal import Journal


def test_reasons_that_differ_in_their_numbers_are_told_once_with_their_count(
    tmp_path: Path,
) -> None:
    journal = Journal(tmp_path)
    for number in range(30):
        reason = f"took longer than --trial-time-limit 9: {number}.5 s for {number} epochs"
        journal.append("outcome", f"t-{number}", status="timed_out", reason=reason, study="s")
    for name, size in (("m-1", 1.69), ("m-2", 2)):
        reason = f"Ray's memory monitor killed its worker, which held {size} GB"
        journal.append("outcome", name, status="out_of_memory", reason=reason, study="s")
    for name, reason in (("f-1", "Traceback\n  [1]\nKeyError: 'x'"), ("f-2", "it died")):
        journal.append("outcome", name, status="failed", reason=reason, study="s")
    journal.append("outcome", "done", status="finished", study="s")
    out = io.StringIO()
    progress = Progress(Console(file=out, width=60), journal, "search", "a", trials=35, epochs=4)
    progress.finish(list(journal.trials))
    journal.close()
    assert out.getvalue().splitlines()[-4:] == [
        "  timed_out: 30 trials, such as t-0: took longer than --trial-time-limit 9: 0.5 s for 0 "
        "epochs",
        "  out_of_memory: 2 trials, such as m-1: Ray's memory monitor killed its worker, which "
        "held 1.69 GB",
        "  failed: f-1: KeyError: 'x'",
        "  failed: f-2: it died",
    ]
    assert len(out.getvalue().splitlines()) == 35 + 4 - 1 + 1


def test_why_diagnostics_have_not_seen_trials_is_told_like_other_reasons(tmp_path: Path) -> None:
    journal, looking = Journal(tmp_path), [{"name": "own"}, {"name": "sharpness"}]
    own, sharpness = (settings_key(plain) for plain in looking)
    for trial, raised in {
        "a": {own: "in epoch 1: KeyError: 'x'", sharpness: "in epoch 2: OutOfMemoryError: 9 GiB"},
        "b": {sharpness: "in epoch 3: OutOfMemoryError: 8 GiB"},
        "c": {},
    }.items():
        journal.append("started", trial, facts=told(looking, raised))
        journal.append("result", trial, epoch=1, status="finished", metrics={}, study="s")
    out = io.StringIO()
    progress = Progress(Console(file=out, width=60), journal, "search", "a", trials=3, epochs=1)
    progress.finish(list(journal.trials))
    journal.close()
    assert out.getvalue().splitlines()[-2:] == [
        "  not seen by own: a: in epoch 1: KeyError: 'x'; once mended, --fresh looks again",
        "  not seen by sharpness: 2 trials, such as a: in epoch 2: OutOfMemoryError: 9 GiB; once "
        "mended, --fresh looks again",
    ]
    assert out.getvalue().count("not seen") == 2

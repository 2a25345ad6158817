"""What diagnostics have seen of a trial: Parquet files of its MLflow run, and frames again."""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from mlflow.entities import Run
from mlflow.exceptions import MlflowException

from cifar_models.component import settings_key
from sweeps.record.diagnosed import missed, seen
from sweeps.record.mlflow_runs import Runs
from sweeps.record.places import checkpoint_url

FOLDER = "diagnostics"
KEPT = "diagnosed_epochs"
"""Tag of a trial's run: the epochs that its files are of."""
UNSEEN = ("diagnostic", "factor", "level", "seed", "words")
"""Columns of what was not seen."""
CELL = ("factor", "level", "baseline", "seed", "trial")
"""Columns of whom a row is."""
_ANSWERS, _CLASSES = ("confusion_matrix", "hardest_images"), ["true", "predicted"]
"""Diagnostics that tell of classes, and their columns that do, by number."""
_LOST = "the checkpoint that held it was lost"


def keep(runs: Runs, run_id: str, storage: str, trial: str) -> dict[str, str]:
    """Hang what a trial's checkpoint has of its diagnostics on its run, a file each.

    Returns:
        The tag that says of how many epochs; nothing where the checkpoint is gone or damaged.
    """
    from cifar_models import checkpoint as checkpoints  # imports torch: readers do without

    try:
        checkpoint = checkpoints.load(checkpoint_url(storage, trial))
    except (FileNotFoundError, ValueError):
        return {}
    with tempfile.TemporaryDirectory() as folder:
        for key, columns in checkpoint.observations.items():
            pd.DataFrame(columns).to_parquet(Path(folder, f"{key}.parquet"), index=False)
        runs.client.log_artifacts(run_id, folder, FOLDER)
    return {KEPT: str(checkpoint.epoch)}


def kept(tags: Mapping[str, str]) -> int:
    """Return the epochs that a run's files are of; 0 where it is not said."""
    return int(tags.get(KEPT, 0))


def observations(
    runs: Runs, membership: Mapping[str, Any], found: Mapping[str, Run]
) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    """Return a frame for each diagnostic of a study, by name, and what was not seen.

    Args:
        runs: where they are.
        membership: what the study's run keeps of it (`Runs.membership`).
        found: their runs by trial.

    Returns:
        Frames of columns ``factor``, ``level``, ``baseline``, ``seed``, ``trial``, then the
        diagnostic's own; what no trial has is left out. Our diagnostics' classes are categories by
        name there, where the record has names. And a frame of columns `UNSEEN`, a row for each
        level that a diagnostic has not seen, or not all of, with why in ``words``.
    """
    frames: dict[str, pd.DataFrame] = {}
    unseen: list[tuple[str, str, str, int, str]] = []
    for asked in membership["study"].get("diagnostics", []):
        key, name, parts = settings_key(asked), asked["name"], []
        for cell in membership["cells"]:
            run = found.get(cell["trial"])
            if cell["role"] != "ablation" or not run or key not in seen(run.data.tags):
                continue
            read, words = _of(runs, run, key)
            if len(read):
                told = pd.DataFrame({column: [cell[column]] * len(read) for column in CELL})
                parts.append(pd.concat([told, read], axis="columns"))
            if words:
                unseen.append((name, cell["factor"], cell["level"], cell["seed"], words))
        if parts:
            whole = pd.concat(parts, ignore_index=True)
            whole = whole.infer_objects()  # one trial may have no number where others have
            named = name in _ANSWERS
            frames[name] = _named(whole, membership.get("classes", ())) if named else whole
    return frames, pd.DataFrame(unseen, columns=list(UNSEEN))


def _named(frame: pd.DataFrame, classes: Sequence[str]) -> pd.DataFrame:
    """Return a frame whose classes are categories by name; the same where names do not fit."""
    if not len(set(classes)) == len(classes) > frame[_CLASSES].to_numpy().max():
        return frame
    kind = pd.CategoricalDtype(list(classes))
    named = {name: pd.Categorical.from_codes(frame[name], dtype=kind) for name in _CLASSES}
    return frame.assign(**named)


def _of(runs: Runs, run: Run, key: str) -> tuple[pd.DataFrame, str]:
    """Return what a diagnostic has seen of a run's trial, and in words what it has not."""
    nothing, tags = pd.DataFrame(), run.data.tags
    if why := missed(tags).get(key):
        return nothing, f"not seen: {why}"
    done, whole = int(run.data.metrics.get("epochs", 0)), kept(tags)
    read = _read(runs, run, key)
    if read is None:
        return nothing, f"not seen: {_LOST}" if done else ""
    if whole and whole < done:  # runs of earlier versions do not say it
        return read, f"not seen after epoch {whole} of {done}: {_LOST}"
    return read, _diverged(read, done) if tags.get("status") == "diverged" else ""


def _diverged(read: pd.DataFrame, epoch: int) -> str:
    """Say what a diagnostic has not seen since weights that diverged are not analysed."""
    if read.empty:
        return f"not seen: diverged in epoch {epoch}"
    last = pd.to_numeric(read["epoch"], errors="coerce").max()
    return f"not seen after epoch {last:g}: diverged in epoch {epoch}" if last < epoch else ""


def _read(runs: Runs, run: Run, key: str) -> pd.DataFrame | None:
    """Return one file of a run; None where it is not there."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            file = runs.client.download_artifacts(
                run.info.run_id, f"{FOLDER}/{key}.parquet", folder
            )
        except (MlflowException, OSError):
            return None
        return pd.read_parquet(file)

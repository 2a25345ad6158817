"""What diagnostics have seen of a trial: Parquet files of its MLflow run, and frames again."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from mlflow.entities import Run
from mlflow.exceptions import MlflowException

from cifar_models.component import settings_key
from sweeps.record.diagnosed import seen
from sweeps.record.mlflow_runs import Runs
from sweeps.record.places import checkpoint_url

FOLDER = "diagnostics"
_CELL = ("factor", "level", "baseline", "seed", "trial")


def keep(runs: Runs, run_id: str, storage: str, trial: str) -> None:
    """Hang what a trial's checkpoint has of its diagnostics on its run, a file each.

    Where the checkpoint is gone there is nothing to keep.
    """
    from cifar_models import checkpoint as checkpoints  # imports torch: readers do without

    try:
        seen = checkpoints.load(checkpoint_url(storage, trial)).observations
    except (FileNotFoundError, ValueError):
        return
    with tempfile.TemporaryDirectory() as folder:
        for key, columns in seen.items():
            pd.DataFrame(columns).to_parquet(Path(folder, f"{key}.parquet"), index=False)
        runs.client.log_artifacts(run_id, folder, FOLDER)


def observations(
    runs: Runs, membership: Mapping[str, Any], found: Mapping[str, Run]
) -> dict[str, pd.DataFrame]:
    """Return a frame for each diagnostic of a study, by name; what no trial has is left out.

    Args:
        runs: where they are.
        membership: what the study's run keeps of it (`Runs.membership`).
        found: their runs by trial.

    Returns:
        Columns ``factor``, ``level``, ``baseline``, ``seed``, ``trial``, then the diagnostic's own.
    """
    frames: dict[str, pd.DataFrame] = {}
    for asked in membership["study"].get("diagnostics", []):
        key, parts = settings_key(asked), []
        for cell in membership["cells"]:
            run = found.get(cell["trial"])
            if cell["role"] == "ablation" and run and key in seen(run.data.tags):
                read = _read(runs, run, key)
                if read is not None:
                    told = pd.DataFrame({name: [cell[name]] * len(read) for name in _CELL})
                    parts.append(pd.concat([told, read], axis="columns"))
        if parts:
            frames[asked["name"]] = pd.concat(parts, ignore_index=True)
    return frames


def _read(runs: Runs, run: Run, key: str) -> pd.DataFrame | None:
    """Return one file of a run; None where it is not there, or has no row."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            file = runs.client.download_artifacts(
                run.info.run_id, f"{FOLDER}/{key}.parquet", folder
            )
        except (MlflowException, OSError):
            return None
        read = pd.read_parquet(file)
    return read if len(read) else None

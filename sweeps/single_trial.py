"""One trial on its own: as a recipe file, with the command that trains it without Ray."""

import os
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from cifar_models import checkpoint as checkpoints
from cifar_models.recipe import Recipe
from sweeps.record.journal import TrialRecord
from sweeps.record.places import Places, checkpoint_url
from sweeps.record.trial_history import TrialHistory

_OVER = ("finished", "diverged")
"""How a training ends behind whose checkpoint there is nothing more."""
_HEADER = "# Written by `sweeps logs`, which writes it anew: copy it before you change it.\n"


@dataclass(frozen=True)
class SingleTrial:
    """A trial's files and what trains it alone."""

    command: str
    checkpoint: str | None
    """Where its weights are, if there are any."""
    missing: str = ""
    """What the command lacks."""


def write_trial(
    history: TrialHistory,
    places: Places,
    own_file: Path | None = None,
    data_dir: Path | None = None,
) -> SingleTrial:
    """Write a trial's recipe with its numerics, and return the command that trains it.

    Precision, layout, threads and device are in the file, and the fingerprint of the data: the
    command gives the numbers that the trial gave, bit for bit on the CPU.

    Args:
        history: The trial.
        places: Where its checkpoint is; the recipe is written into the state.
        own_file: The file with the user's own components; without it the recorded one.
        data_dir: Where data sets lie.

    Raises:
        ValueError: The state cannot be written.
    """
    record = history.record
    file = places.trials / f"{record.trial}.yaml"
    words = ["python", "-m", "cifar_models", str(file), "--seed", str(record.spec["seed"])]
    files, missing = {file: _HEADER + recipe_file(record)}, ""
    if own_file is None and history.components is not None:
        own_file = file.with_suffix(".py")
        if not own_file.exists():  # else the user may have put a print into it
            files[own_file] = history.components
    if own_file is not None:
        words += ["--components", str(own_file)]
    else:
        missing = _unreadable(record.spec["recipe"])
    if data_dir is not None:
        words += ["--data-dir", str(data_dir)]
    checkpoint = _checkpoint(record, places)
    if checkpoint is not None and record.status not in _OVER:
        words += ["--resume", checkpoint]
    for path, text in files.items():
        _write(path, text)
    return SingleTrial(shlex.join(words), checkpoint, missing)


def recipe_file(record: TrialRecord) -> str:
    """Return a trial as a recipe with provenance, and its last metrics if it is finished."""
    spec = record.spec
    provenance = {
        "trial": record.trial,
        "seed": spec["seed"],
        "numerics": spec["numerics"],
        "data": spec["data"],
    }
    if record.status == "finished" and record.results:
        provenance["metrics"] = record.selected("last")["metrics"]
    return yaml.safe_dump(spec["recipe"] | {"provenance": provenance}, sort_keys=False)


def _checkpoint(record: TrialRecord, places: Places) -> str | None:
    """Return where a trial's weights are, None where they are gone or were not yet written."""
    url = checkpoint_url(places.storage, record.trial)
    try:
        checkpoints.load(url)
    except (OSError, ValueError):  # none, or torn
        return None
    return url


def _unreadable(recipe: dict[str, Any]) -> str:
    """Return why a recipe cannot be read without a file of the user's own; empty if it can."""
    try:
        Recipe.parse(recipe)
    except ValueError as error:
        return f"{error}; if a file of yours defines it, give --components FILE.py"
    return ""


def _write(path: Path, text: str) -> None:
    """Write a file so that nobody reads half of it."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)
    except OSError as error:
        raise ValueError(f"cannot write {path}: {error.strerror}; give another --state") from None

"""A variant with all that training it again takes, as a folder: `sweeps export --bundle DIR`.

::

    recipe.yaml        the recipe with seed, numerics, data fingerprint and versions
    expected.yaml      what each seed gave, and on what
    requirements.txt   versions of all packages
    changes.diff       what the checkout had beside its commit when it ran the study, if anything
    components.py      the user's own file, where the recipe needs it, under its own name
"""

from importlib.metadata import distributions
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cifar_models.component import sentence
from cifar_models.numerics import Numerics
from cifar_models.recipe import read_mapping, read_text
from sweeps.export.best import export_best, finished, ranking
from sweeps.record.environment import PACKAGES
from sweeps.record.mlflow_runs import CHANGES, Runs
from sweeps.record.results import Results

RECIPE, EXPECTED, REQUIREMENTS = "recipe.yaml", "expected.yaml", "requirements.txt"
_MEASURED = "^(validation|test)/|^train/loss$"


class Expected(BaseModel):
    """What trainings of a variant gave."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = 1
    study: str
    variant: str
    selection: Literal["last", "best"]
    """The epoch that counts."""
    numerics: Numerics
    device: str
    """Model of the processor or GPU."""
    torch: str
    """Its version."""
    data: str
    """Fingerprint of the images."""
    components: str | None = None
    """File of the user's own components."""
    seeds: Annotated[dict[int, dict[str, float]], Field(min_length=1)]
    """The metrics that each seed gave."""


def write_bundle(results: Results, runs: Runs, folder: Path) -> Expected:
    """Write the best variant of a study's ablation into a folder.

    Raises:
        ValueError: There is nothing to choose from, or the folder cannot be written.
    """
    (exported,) = export_best(results, runs, folder / RECIPE)
    provenance = read_mapping(read_text(exported))["provenance"]
    rows = finished(results, ranking(results).iloc[0]["variant"])
    expected = Expected(
        study=provenance["study"],
        variant=provenance["variant"],
        selection=provenance["selection"],
        numerics=provenance["numerics"],
        device=provenance["device"],
        torch=provenance["versions"]["torch"],
        data=provenance["data"],
        components=next((Path(name).name for name in results.sources), None),
        seeds={int(row["seed"]): _metrics(row) for _, row in rows.iterrows()},
    )
    parent = runs.parent(provenance["study"])
    files = {
        EXPECTED: yaml.safe_dump(expected.model_dump(exclude_none=True), sort_keys=False),
        REQUIREMENTS: requirements(provenance["versions"], provenance["git_commit"]),
        CHANGES: (runs.text(parent, CHANGES) if parent else None) or "",
    }
    for name, text in files.items():
        if text:
            _write(folder / name, text)
    return expected


def read_bundle(folder: Path) -> Expected:
    """Return what the trainings of a bundle gave.

    Raises:
        ValueError: The folder holds no bundle.
    """
    try:
        return Expected.model_validate(read_mapping(read_text(folder / EXPECTED)))
    except ValidationError as error:
        raise ValueError(f"{folder / EXPECTED} is not of a bundle: {sentence(error)}") from None


def requirements(trained_with: dict[str, str], commit: str | None) -> str:
    """Return all packages with versions: those that trained, and beside them those installed here.

    Args:
        trained_with: versions by package, as a trial recorded them.
        commit: of this project, where it was a checkout.
    """
    here = {found.name.lower(): found.version for found in distributions()}
    named = here | {name.lower(): version for name, version in trained_with.items()}
    ours = PACKAGES[0]
    lines = [f"{name}=={version}" for name, version in sorted(named.items()) if name != ours]
    head = f"# {ours} {named[ours]}" + (f", commit {commit}" if commit else "")
    return "\n".join([head, *lines]) + "\n"


def _metrics(row: Any) -> dict[str, float]:
    measured = row.filter(regex=_MEASURED).dropna()
    return {str(name): float(value) for name, value in measured.items()}


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ValueError(f"cannot write {path}: {error.strerror}") from None

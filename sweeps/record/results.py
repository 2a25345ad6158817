"""Results of a study as frames, read from MLflow and from nothing else."""

import math
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
from mlflow.entities import Run
from pydantic import TypeAdapter

import cifar_models.metrics  # noqa: F401 - fills the registry
from cifar_models.component import registry
from cifar_models.costs import Cost
from sweeps.record.environment import PACKAGES
from sweeps.record.mlflow_runs import Runs
from sweeps.record.observations import observations
from sweeps.record.places import resolve_places
from sweeps.record.registration import Registration, registered

_FACTS = (*PACKAGES, "device", "node", "git_commit", "data", "signature")
_COUNTED = ("parameters", "seconds")


@dataclass(frozen=True)
class Results:
    """What is known of a study.

    Attributes:
        study: the resolved study as plain data.
        sources: texts of the user's own files that the study needs, by file name.
        images: numbers of training, validation and test images.
        trials: one row a trial and role; ``missing`` where a planned trial has no run.
        curves: one row a trial and epoch.
        parent: id of the study's MLflow run.
        costs: those that the study asks for, each a column of ``trials``; without those of the
            user's own whose class is not registered here.
        recipes: the recipe of each variant of the ablation that has a run: flat paths and texts.
        command: the words that the study was last run with.
        registration: what was written down of it before, if anything.
        observations: what diagnostics have seen, a frame each, by their names (`observations`).
        unseen: what they have not, a row each, with why (`observations`).
    """

    study: dict[str, Any]
    sources: dict[str, str]
    images: dict[str, int]
    trials: pd.DataFrame
    curves: pd.DataFrame
    parent: str
    costs: tuple[Cost, ...] = ()
    recipes: dict[str, dict[str, str]] = field(default_factory=dict)
    command: tuple[str, ...] = ()
    registration: Registration | None = None
    observations: dict[str, pd.DataFrame] = field(default_factory=dict)
    unseen: pd.DataFrame = field(default_factory=pd.DataFrame)


def load(study: str, tracking_uri: str | None = None, *, searched: bool = True) -> Results:
    """Load the results of a study by name.

    Args:
        study: Name of the study.
        tracking_uri: MLflow's server or database; by default the one in ``runs``.
        searched: Read the curves of the search's trials too, and what diagnostics have seen;
            without the former their rows have holes where a curve says it, and an ablation table is
            the same.

    Raises:
        ValueError: MLflow does not answer, or knows no such study.
    """
    runs = Runs(tracking_uri or resolve_places().tracking_uri, reading=True)
    parent = runs.parent(study)
    if parent is None:
        known = sorted(run.data.tags["study"] for run in runs.find(kind="study"))
        raise ValueError(
            f"MLflow at {runs.uri} has no results of a study {study!r} "
            f"(it has: {', '.join(known) or 'none'}); run it first: sweeps run --study {study}"
        )
    membership = runs.membership(parent)
    if membership is None:
        raise ValueError(
            f"study {study} has no trial on record yet: its search is under way or was stopped; "
            f"go on with: sweeps run --study {study}"
        )
    found = _found(runs, study, {cell["trial"] for cell in membership["cells"]})
    read = {cell["trial"] for cell in membership["cells"] if searched or cell["role"] != "search"}
    curves = {trial: runs.curves(run) for trial, run in found.items() if trial in read}
    rule = membership["study"]["selection"]
    costs = _costs(membership["study"])
    rows = [
        cell | _outcome(found.get(cell["trial"]), curves.get(cell["trial"]), rule, costs)
        for cell in membership["cells"]
    ]
    in_trials, in_curves = _columns(membership["study"]["metric"], costs)
    frames, unseen = observations(runs, membership, found) if searched else ({}, pd.DataFrame())
    return Results(
        study=membership["study"],
        sources=membership["sources"],
        images=membership["images"],
        trials=_with_columns(pd.DataFrame(rows), in_trials),
        curves=_with_columns(_tidy(curves), in_curves),
        parent=parent.info.run_id,
        costs=costs,
        recipes=_recipes(membership["cells"], found),
        command=tuple(membership.get("command", ())),
        registration=registered(runs, parent),
        observations=frames,
        unseen=unseen,
    )


def _tidy(curves: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Return curves by trial as one frame."""
    there = {trial: curve for trial, curve in curves.items() if len(curve)}
    if not there:
        return pd.DataFrame()
    joined = pd.concat(there, names=["trial", "row"])  # a column of texts each takes ten times this
    return joined.reset_index("trial").reset_index(drop=True)


def _found(runs: Runs, study: str, trials: set[str]) -> dict[str, Run]:
    """Return the runs of a study's trials by trial, as far as there are any."""
    found: dict[str, Run] = {}
    for run in runs.find(**{"kind": "trial", f"in.{study}": "true"}):
        found.setdefault(run.data.tags["trial"], run)
    for trial in trials - found.keys():
        run_of_another = runs.trial(trial)  # trained afresh for another study: the tag is gone
        if run_of_another is not None:
            found[trial] = run_of_another
    return found


def _recipes(cells: list[dict[str, Any]], found: dict[str, Run]) -> dict[str, dict[str, str]]:
    """Return the flat recipe of each variant of the ablation that has a run."""
    return {
        cell["variant"]: found[cell["trial"]].data.params
        for cell in cells
        if cell["role"] == "ablation" and cell["trial"] in found
    }


def _costs(study: dict[str, Any]) -> tuple[Cost, ...]:
    """Return the costs that a study asks for, as far as their classes are registered."""
    kind, known = TypeAdapter(Cost), registry("cost")
    return tuple(
        kind.validate_python(cost) for cost in study.get("costs", []) if cost["name"] in known
    )


def _outcome(
    run: Run | None, curve: pd.DataFrame | None, rule: str, costs: tuple[Cost, ...]
) -> dict[str, Any]:
    """Return the columns that a trial's run gives to its rows."""
    if run is None:
        return {"status": "missing", "epochs": 0, "run_id": None}
    tags = run.data.tags
    row: dict[str, Any] = {
        "status": tags.get("status", "running"),
        "reason": tags.get("reason", ""),
        "run_id": run.info.run_id,
        "parent": tags.get("mlflow.parentRunId"),
        "epochs": 0,
        "parameters": float(tags.get("parameters", "nan")),
    }
    row |= {fact: tags.get(fact) for fact in _FACTS}
    row |= {"precision": run.data.params.get("numerics.precision"), "trained_seed": tags["seed"]}
    row |= {"split": _split(run.data.params)}
    prefix = f"test_{rule}/"
    row |= {
        f"test/{name.removeprefix(prefix)}": value
        for name, value in run.data.metrics.items()
        if name.startswith(prefix)
    }
    if curve is None or curve.empty:
        return row
    scores = curve.get("validation/accuracy", pd.Series(dtype=float)).fillna(-1.0)
    chosen = curve.iloc[int(scores.argmax()) if rule == "best" and len(scores) else -1]
    measured = {
        str(k): v for k, v in chosen.items() if str(k).startswith(("validation/", "train/"))
    }
    return (
        row
        | measured
        | {
            "epochs": int(curve["epoch"].max()),
            "selected_epoch": int(chosen["epoch"]),
            "seconds": float(curve["seconds"].sum()),
        }
        | _measured_costs(costs, curve, tags)
    )


def _split(params: dict[str, str]) -> str | None:
    """Return how a trial's images were cut, as a text that equal cuts share."""
    cut = {name: value for name, value in params.items() if name.startswith("split.")}
    return ", ".join(f"{name}={value}" for name, value in sorted(cut.items())) or None


def _measured_costs(
    costs: tuple[Cost, ...], curve: pd.DataFrame, facts: dict[str, str]
) -> dict[str, float]:
    """Return each cost by its column; a hole where what was recorded does not have it."""
    if not costs:
        return {}
    rows: list[dict[str, float]] = [
        {str(name): value for name, value in row.items()} for row in curve.to_dict("records")
    ]
    values = {cost.column: cost.measure(rows, facts) for cost in costs}
    return {column: math.nan if value is None else value for column, value in values.items()}


def _columns(metric: str, costs: tuple[Cost, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the columns of trials and curves that are there even where no trial has a value yet.

    Args:
        metric: that of the study; one of the user's own may not be registered here.
        costs: those of the study.
    """
    measures = tuple(dict.fromkeys(("loss", *registry("metric"), metric)))
    validated = tuple(f"validation/{name}" for name in measures)
    tested = tuple(f"test/{name}" for name in measures)
    asked = tuple(cost.column for cost in costs if cost.column not in _COUNTED)
    return (
        (
            *("train/loss", *validated, "selected_epoch", *tested, *_COUNTED, *_FACTS),
            *("precision", "trained_seed", "parent", *asked),
        ),
        ("trial", "epoch", "train/loss", *validated),
    )


def _with_columns(frame: pd.DataFrame, columns: tuple[str, ...]) -> pd.DataFrame:
    """Return a frame with columns of holes for those that it lacks."""
    return frame.reindex(columns=[*frame, *(name for name in columns if name not in frame)])

"""A study as its driver leaves it in MLflow, made without training anything."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from search_spaces import Study, factor
from sweeps.execution.plan import Cell
from sweeps.record.identity import TrialSpec
from sweeps.record.journal import Journal
from sweeps.record.mlflow_runs import Runs
from sweeps.record.tracking import Tracker
from tests.sweeps.record.small import RECIPE, open_runs, record, spec

ACCURACIES = {
    "relu": [(0.2, 0.6, 0.5), (0.2, 0.5, 0.55), (0.1, 0.3, 0.6)],
    "tanh": [(0.1, 0.2, 0.3), (0.2, 0.2, 0.32), (0.1, 0.2, 0.37)],
    "elu": [(0.5, 0.6, 0.7), (0.5, 0.6, 0.71), (0.5, 0.6, 0.72)],
}
"""Validation accuracies by level, seed and epoch."""

STUDY = Study(
    name="small",
    question="Which activation suits a small network?",
    base=RECIPE,
    factors=(factor("activation", "model.activation", *ACCURACIES),),
    seeds=3,
)


def cells(study: Study = STUDY) -> list[Cell]:
    """Return the cells of a study's ablation."""
    return [
        Cell(TrialSpec(arm.recipe, seed, spec().numerics, spec().data), "ablation",
             arm.factor, arm.level, arm.baseline)
        for seed in study.seed_list
        for arm in study.arms()
    ]  # fmt: skip


def finish(journal: Journal, cell: Cell, curve: Sequence[float], rule: str = "last") -> None:
    """Write a finished and evaluated trial."""
    record(journal, cell.spec, *curve)
    chosen = curve[-1] if rule == "last" else max(curve)
    metrics = {"accuracy": chosen - 0.02, "macro_f1": chosen - 0.03, "loss": 1 - chosen}
    journal.append("test", cell.spec.id, selection=rule, metrics=metrics)


def mirror(
    runs: Runs, journal: Journal, study: Study, members: Sequence[Cell], storage: str = "",
    classes: Sequence[str] = (),
) -> None:  # fmt: skip
    """Let MLflow have what the journal, and the checkpoints, have of a study's members."""
    parent = runs.create_parent(study.name, study.question)
    tracker = Tracker(runs, journal, study.name, parent, storage)
    tracker.label(cell.to_json() for cell in members)
    for cell in members:
        tracker.changed(cell.spec.id)
    tracker.keep_membership(
        json.dumps(
            {
                "format": 1,
                "study": study.model_dump(mode="json"),
                "sources": {},
                "images": {"train": 100, "validation": 20, "test": 40},
                "classes": list(classes),
                "command": ["sweeps", "run"],
                "cells": [cell.to_json() for cell in members],
            }
        )
    )
    assert tracker.close("FINISHED", 60)


def record_study(
    state: Path,
    study: Study = STUDY,
    accuracies: Mapping[str, Sequence[Sequence[float]]] = ACCURACIES,
) -> Runs:
    """Record a finished study of one factor in a state folder."""
    runs, members = open_runs(state), cells(study)
    journal = Journal(state)
    for cell in members:
        place = study.seed_list.index(cell.spec.seed)
        finish(journal, cell, accuracies[cell.level][place], study.selection)
    mirror(runs, journal, study, members)
    journal.close()
    return runs

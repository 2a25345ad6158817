"""A study with a search, as its driver leaves it in MLflow, made without training anything."""

from pathlib import Path

import numpy as np

from cifar_models.augmentation import HorizontalFlip
from search_spaces import LogRange, Search, Study, choice, factor
from search_spaces.study import SEARCH_SEED
from sweeps.execution.plan import Cell
from sweeps.publication import publish
from sweeps.record.identity import TrialSpec
from sweeps.record.journal import Journal
from sweeps.record.results import load
from tests.sweeps.record.recorded import cells, finish, mirror
from tests.sweeps.record.small import RECIPE, open_runs, record, spec

STUDY = Study(
    name="quickstart",
    question="What matters for a tiny network: its activation, or flipped images?",
    base=RECIPE,
    search=Search(
        space={"optimizer.lr": LogRange(0.01, 1.0), "model.activation": choice("relu", "tanh")},
        trials=6, top_k=1,
    ),
    factors=(
        factor("activation", "model.activation", "relu", "elu", "tanh"),
        factor("flips", "augmentation", off=(), on=(HorizontalFlip(),)),
    ),
    seeds=3,
)  # fmt: skip
EFFECTS = {"elu": 0.03, "tanh": -0.1, "on": 0.02}


def record_whole_study(state: Path) -> None:
    """Record and publish the study in a state folder, as `make demo` leaves its own."""
    chance = np.random.default_rng(0)
    journal, runs = Journal(state), open_runs(state)
    members = [*_search(journal), *cells(STUDY)]
    for cell in members[STUDY.search.trials if STUDY.search else 0 :]:
        if journal[cell.spec.id].status != "finished":  # a baseline serves both factors
            end = 0.7 + EFFECTS.get(cell.level, 0.0) + chance.normal(0.0, 0.01)
            finish(journal, cell, (end - 0.3, end - 0.1, end))
    mirror(runs, journal, STUDY, members)
    journal.close()
    publish(load(STUDY.name, runs.uri), state / "studies" / STUDY.name, runs)


def _search(journal: Journal) -> list[Cell]:
    """Record trials of the search, of which every other one is stopped after an epoch."""
    found = []
    for number, lr in enumerate((0.01, 0.03, 0.1, 0.2, 0.5, 1.0)):
        point = {"optimizer.lr": lr, "model.activation": "tanh" if number % 3 else "relu"}
        trial = TrialSpec(RECIPE.replace(point), SEARCH_SEED, spec().numerics, spec().data)
        curve = (0.4, 0.5, 0.6 + number / 100)[: 1 if number % 2 else 3]
        record(journal, trial, *curve, end="stopped" if number % 2 else "finished")
        found.append(Cell(trial, "search", suggested=point))
    return found
